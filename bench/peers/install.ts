import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const manifest = fileURLToPath(new URL('./package.json', import.meta.url));
const cache = fileURLToPath(new URL('../../node_modules/.cache/sidelight-bench/peers/', import.meta.url));

/** Folder of a peer's package, installed the first time (about 170 MB); or why it cannot be had. */
export async function peer(name: string): Promise<{ folder: string } | { why: string }> {
  try {
    await installed();
    return { folder: join(cache, 'node_modules', name) };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const [reason] = /^npm error (?!code).*/m.exec(stderr ?? '') ?? [message.split('\n')[0]];
    return { why: `${name} could not be installed: ${reason}` };
  }
}

let installing: Promise<void> | undefined;

function installed(): Promise<void> {
  installing ??= (async () => {
    const wanted = await readFile(manifest, 'utf8');
    const stamp = join(cache, 'installed.json');
    if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
    await mkdir(cache, { recursive: true });
    await copyFile(manifest, join(cache, 'package.json'));
    const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    await promisify(execFile)('npm', options, { cwd: cache });
    await writeFile(stamp, wanted);
  })();
  return installing;
}
