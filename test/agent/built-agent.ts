import { execFile } from 'node:child_process';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onceARun } from '../helpers/once-a-run.ts';

const script = fileURLToPath(new URL('../../src/agent/package/build.mjs', import.meta.url));

/** The stand-alone package, built once a run, in a directory of its own, which the caller removes. */
export async function buildAgent(): Promise<string> {
  const built = await onceARun('agent', async (folder) => {
    await promisify(execFile)(process.execPath, [script, folder]);
  });
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-agent-test-'));
  await cp(built, directory, { recursive: true });
  return directory;
}
