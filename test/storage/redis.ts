import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { until } from '../helpers/program.ts';

/** A Redis of its own on a free port, which tests may stop. */
export async function redis() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  const start = async () => {
    const child = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no']);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await Promise.race([
      until('redis is ready', () => /Ready to accept/.test(said) || undefined),
      once(child, 'error').then(([error]) => Promise.reject(error)),
    ]);
    return async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    };
  };
  return { url: `redis://127.0.0.1:${port}`, start };
}

/** Whether tests with Redis can run. */
export const hasRedis = await redis()
  .then(({ start }) => start())
  .then((stop) => stop())
  .then(
    () => true,
    (error: unknown) => {
      // CI looks for this line: there, a skipped part is a failure.
      console.log(`SKIPPED redis: no redis-server on PATH (${(error as { code?: string }).code ?? error})`);
      return false;
    },
  );
