import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counted } from './counted.ts';

interface Reloading {
  /** Directory of the policies. */
  policies: string;
  everyMs: number;
  counted: Counted;
  isOver(): boolean;
}

/** How often is looked whether it is over. */
const lookMs = 250;

/** Changes a limit and changes it back, as an editor saves: every time the bridge reads all files again. Every fourth file is broken. */
export async function changePolicies({ policies, everyMs, counted, isOver }: Reloading): Promise<void> {
  const file = join(policies, 'limits.yaml');
  const shipped = await readFile(file, 'utf8');
  const save = async (text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  for (let turn = 0; !isOver(); turn += 1) {
    for (let leftMs = everyMs; leftMs > 0 && !isOver(); leftMs -= lookMs) await sleep(lookMs);
    const isBroken = turn % 4 === 3;
    await save(isBroken ? `${shipped}\nnonsense: [` : shipped.replace(/maxHits: \d+/, `maxHits: ${50 - (turn % 2)}`));
    counted.note('policies', isBroken ? 'broken' : 'changed');
  }
  await save(shipped);
}
