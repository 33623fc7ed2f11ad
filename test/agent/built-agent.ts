import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../../src/agent/package/build.mjs', import.meta.url));

/** Builds the stand-alone package into a directory of its own, which the caller removes. */
export async function buildAgent(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-agent-test-'));
  await promisify(execFile)(process.execPath, [script, directory]);
  return directory;
}
