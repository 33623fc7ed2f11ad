import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Seeds begin for so long; the last one ends some seconds later. */
const stormSeconds = 45;
const stormSeeds = 12;

/** A process of its own, because time in it is no time of ours. */
function storm(...options: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'run.ts'), ...options]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      said += text;
    });
  }
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, said })));
}

it('several bridges keep every promise while everything around them goes wrong', async () => {
  // The same seeds for everybody: what a change breaks shows as its own failure. New ones are for `npm run storm`.
  const { code, said } = await storm('--known', '--from', '1', '--seeds', String(stormSeeds), '--seconds', String(stormSeconds));
  console.log(said.trimEnd().split('\n').at(-1));
  expect(said).not.toContain('FAILED');
  expect(code, said).toBe(0);
}, 180_000);
