import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runFolder } from '../helpers/once-a-run.ts';

/** A Node to run programs on. */
export interface Runtime {
  major: number;
  execPath: string;
}

/** The Nodes the agent is tested on; SIDELIGHT_TEST_NODES=20,24 limits them. */
export function nodes(): Runtime[] {
  const wanted = process.env.SIDELIGHT_TEST_NODES ?? '20,22,24';
  return wanted.split(',').map((text) => ({ major: Number(text), execPath: execPathOf(Number(text)) }));
}

function execPathOf(major: number): string {
  if (process.version.startsWith(`v${major}.`)) return process.execPath;
  const folder = runFolder();
  const known = folder === undefined ? undefined : join(folder, `node-${major}`);
  if (known !== undefined && existsSync(known)) return readFileSync(known, 'utf8');
  const found = execFileSync('npx', ['-y', '-p', `node@${major}`, 'node', '-p', 'process.execPath'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  if (known !== undefined) {
    writeFileSync(`${known}.${process.pid}`, found);
    renameSync(`${known}.${process.pid}`, known);
  }
  return found;
}
