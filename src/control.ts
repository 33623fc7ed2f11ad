import { createHash } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Refusal, type RefusalDetails } from './lib/refusal.ts';

/**
 * The operator's door to a running bridge: a socket that only the user who started it can open. The embedded database
 * belongs to one process, so `sidelight keys …` asks that process instead of opening the database beside it.
 */

/** Carries out one order of the operator. */
export type ControlHandler = (order: string, input: Record<string, unknown>) => Promise<unknown>;

/** Sockets have short names (about 100 characters), data directories may not. */
function socketPath(dataDirectory: string): string {
  const name = createHash('sha256').update(resolve(dataDirectory)).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\sidelight-${name}`;
  const inside = join(resolve(dataDirectory), 'control.sock');
  return Buffer.byteLength(inside) < 100 ? inside : join(tmpdir(), `sidelight-${process.getuid?.() ?? 0}-${name}.sock`);
}

const maxOrderBytes = 64 * 1024;

/** Opens the door; call after the data directory is locked, so that a left-over socket can be replaced safely. */
export async function serveControl(dataDirectory: string, handle: ControlHandler): Promise<{ close(): Promise<void> }> {
  const path = socketPath(dataDirectory);
  if (process.platform !== 'win32') await rm(path, { force: true });
  const server = createServer(async (incoming, outgoing) => {
    const answer = (status: number, body: unknown) =>
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    try {
      if (Number(incoming.headers['content-length'] ?? 0) > maxOrderBytes)
        return answer(413, { code: 'invalid_input', message: 'The order is too long.' });
      const { order, input } = JSON.parse(await text(incoming)) as { order: string; input: Record<string, unknown> };
      return answer(200, { result: (await handle(order, input)) ?? null });
    } catch (problem) {
      const details: RefusalDetails =
        problem instanceof Refusal
          ? problem.details
          : { code: 'internal_error', message: 'The order failed inside the bridge; its log has the details.' };
      return answer(400, details);
    }
  });
  const umask = process.platform === 'win32' ? undefined : process.umask(0o177);
  try {
    await listen(server, path);
  } finally {
    if (umask !== undefined) process.umask(umask);
  }
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return { close: () => new Promise((done) => server.close(() => done())) };
}

/** Asks the bridge that holds this data directory; undefined when none runs. */
export async function askControl(
  dataDirectory: string,
  order: string,
  input: Record<string, unknown>,
): Promise<{ result: unknown } | undefined> {
  const body = JSON.stringify({ order, input });
  const answer = await new Promise<{ status: number; body: string } | undefined>((done, fail) => {
    const asking = request(
      {
        socketPath: socketPath(dataDirectory),
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        text(response).then((told) => done({ status: response.statusCode ?? 500, body: told }), fail);
      },
    );
    asking.on('error', (problem: NodeJS.ErrnoException) =>
      problem.code === 'ENOENT' || problem.code === 'ECONNREFUSED' ? done(undefined) : fail(problem),
    );
    asking.end(body);
  });
  if (answer === undefined) return undefined;
  const told = JSON.parse(answer.body) as { result: unknown } & RefusalDetails;
  if (answer.status !== 200)
    throw new Refusal({ code: told.code, message: told.message, field: told.field, next: told.next, data: told.data });
  return { result: told.result };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(path, () => done());
  });
}
