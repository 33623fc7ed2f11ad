import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mutation, mutations } from './mutations.ts';

/** Seeds one fault has to show in; most show in the first few. */
const maxSeeds = 40;

const root = join(import.meta.dirname, '../..');
const parts = ['src', 'test/storm', 'agents-sim', 'policies', 'package.json', 'tsconfig.json'];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => mutations.every((mutation) => mutation.name !== name));
if (unknown.length > 0) throw new Error(`There is no mutation ${unknown.join()}.`);

const survivors: string[] = [];
for (const mutation of mutations) {
  if (wanted.length > 0 && !wanted.includes(mutation.name)) continue;
  const found = stormWith(mutation);
  if (!found.includes(mutation.rule)) survivors.push(mutation.name);
  process.stdout.write(`${found.includes(mutation.rule) ? 'seen    ' : 'SURVIVES'} ${mutation.name}: ${found}\n`);
}
process.exit(survivors.length > 0 ? 1 : 0);

/** What a storm says over a copy of the project with this fault in it. */
function stormWith({ file, text, instead, kind }: Mutation): string {
  const copy = mkdtempSync(join(tmpdir(), 'sidelight-storm-'));
  try {
    for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const source = readFileSync(join(copy, file), 'utf8');
    if (source.split(text).length !== 2) throw new Error(`${file} does not have this text once: ${text}`);
    writeFileSync(
      join(copy, file),
      source.replace(text, () => instead),
    );
    const options = ['--kind', kind, '--from', '1', '--seeds', String(maxSeeds), '--failures', '1'];
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'test/storm/run.ts', ...options], {
      cwd: copy,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const failed = /^FAILED .*$/m.exec(stdout)?.[0].slice(0, 200) ?? 'nothing';
    return `${failed} (${stdout.trimEnd().split('\n').at(-1)})`;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
