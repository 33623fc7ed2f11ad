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

/** The Nodes the agent is tested on: this one, or those that `SIDELIGHT_TEST_NODES` names, as `20,22,24`. */
export function nodes(): Runtime[] {
  const wanted = process.env.SIDELIGHT_TEST_NODES ?? process.versions.node;
  return wanted.split(',').map((text) => ({ major: Number.parseInt(text, 10), execPath: execPathOf(Number.parseInt(text, 10)) }));
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
