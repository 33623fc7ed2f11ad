import { execFileSync } from 'node:child_process';
import process from 'node:process';

/** A Node to run programs on. */
export interface Runtime {
  major: number;
  execPath: string;
}

const paths = new Map<number, string>();

/** The Nodes the agent is tested on; SIDELIGHT_TEST_NODES=20,24 limits them. */
export function nodes(): Runtime[] {
  const wanted = process.env.SIDELIGHT_TEST_NODES ?? '20,22,24';
  return wanted.split(',').map((text) => ({ major: Number(text), execPath: execPathOf(Number(text)) }));
}

function execPathOf(major: number): string {
  if (process.version.startsWith(`v${major}.`)) return process.execPath;
  const known = paths.get(major);
  if (known !== undefined) return known;
  const found = execFileSync('npx', ['-y', '-p', `node@${major}`, 'node', '-p', 'process.execPath'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  paths.set(major, found);
  return found;
}
