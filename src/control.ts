import { createHash } from 'node:crypto';
import { chmod, lstat, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import pTimeout from 'p-timeout';
import type { Log } from './lib/log.ts';
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
/** An order comes whole from a program on this machine; who takes longer than this is not one. */
const maxReceiveMs = 5_000;
/** Time that orders in hand have when the bridge stops. */
const maxCloseMs = 2_000;

/** Opens the door; call after the data directory is locked, so that a left-over socket can be replaced safely. */
export async function serveControl(dataDirectory: string, handle: ControlHandler, log: Log): Promise<{ close(): Promise<void> }> {
  const inHand = new Set<Promise<unknown>>();
  const server = createServer(async (incoming, outgoing) => {
    const { status, body } = await answerTo(incoming, handle, inHand, log);
    // What is left of an order that is too long is not read.
    if (status === 413) outgoing.setHeader('connection', 'close');
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.headersTimeout = maxReceiveMs;
  server.requestTimeout = maxReceiveMs;
  await openDoor(server, dataDirectory);
  return {
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      await pTimeout(Promise.allSettled(inHand), { milliseconds: maxCloseMs }).catch(() => undefined);
      // Lets the answers out that were written just now; whoever holds a connection open otherwise does not hold us.
      await new Promise((done) => setImmediate(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerTo(
  incoming: IncomingMessage,
  handle: ControlHandler,
  inHand: Set<Promise<unknown>>,
  log: Log,
): Promise<{ status: number; body: object }> {
  try {
    const { order, input } = await readOrder(incoming);
    const running = handle(order, input);
    inHand.add(running);
    try {
      return { status: 200, body: { result: (await running) ?? null } };
    } finally {
      inHand.delete(running);
    }
  } catch (problem) {
    if (problem instanceof Refusal) return { status: problem.code === 'payload_too_large' ? 413 : 400, body: problem.details };
    log.error({ err: problem }, 'an order of the operator failed');
    const details: RefusalDetails = {
      code: 'internal_error',
      message: 'The order failed inside the bridge; its log has the details.',
    };
    return { status: 500, body: details };
  }
}

/** The order, whose bytes are counted as they come: a length that was told, or none, proves nothing. */
async function readOrder(incoming: IncomingMessage): Promise<{ order: string; input: Record<string, unknown> }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when it is left in the middle, or the refusal could not be told.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxOrderBytes) throw unreadable('payload_too_large', `An order has at most ${maxOrderBytes} bytes.`);
    chunks.push(chunk);
  }
  let told: unknown;
  try {
    told = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw unreadable('invalid_input', 'The order is not JSON.');
  }
  const { order, input } = (told ?? {}) as { order?: unknown; input?: unknown };
  if (typeof order !== 'string' || typeof input !== 'object' || input === null)
    throw unreadable('invalid_input', 'An order is an object with order and input.');
  return { order, input: input as Record<string, unknown> };
}

function unreadable(code: RefusalDetails['code'], message: string): Refusal {
  return new Refusal({ code, message, next: 'Use the same version of Sidelight on both sides.' });
}

/** Asks the bridge that holds this data directory; undefined when none runs. */
export async function askControl(
  dataDirectory: string,
  order: string,
  input: Record<string, unknown>,
): Promise<{ result: unknown } | undefined> {
  const body = JSON.stringify({ order, input });
  const path = socketPath(dataDirectory);
  await requireOwn(path, dataDirectory);
  const answer = await new Promise<{ status: number; body: string } | undefined>((done, fail) => {
    const failed = (problem: NodeJS.ErrnoException) => fail(notAsked(path, problem));
    const asking = request(
      {
        socketPath: path,
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        text(response).then((told) => done({ status: response.statusCode ?? 500, body: told }), failed);
      },
    );
    asking.on('error', (problem: NodeJS.ErrnoException) =>
      problem.code === 'ENOENT' || problem.code === 'ECONNREFUSED' ? done(undefined) : failed(problem),
    );
    asking.end(body);
  });
  if (answer === undefined) return undefined;
  const told = JSON.parse(answer.body) as { result: unknown } & RefusalDetails;
  if (answer.status !== 200)
    throw new Refusal({ code: told.code, message: told.message, field: told.field, next: told.next, data: told.data });
  return { result: told.result };
}

/**
 * An order may carry a secret or bring one back, and a name in a folder for temporary files can be taken by anybody: what listens
 * there belongs to this user, or to the owner of the data.
 */
async function requireOwn(path: string, dataDirectory: string): Promise<void> {
  const user = process.getuid?.();
  const found = user === undefined ? undefined : await lstat(path).catch(() => undefined);
  if (found === undefined || (found.isSocket() && found.uid === user)) return;
  const data = await stat(dataDirectory).catch(() => undefined);
  if (found.isSocket() && found.uid === data?.uid) return;
  throw new Refusal({
    code: 'unavailable',
    message: `What is at ${path} belongs to another user, or is no socket; it is not asked.`,
    next: 'Run this as the user who started the bridge. If that is you, find out who made it.',
  });
}

function notAsked(path: string, problem: NodeJS.ErrnoException): Refusal {
  return new Refusal({
    code: 'unavailable',
    message: `The bridge behind ${path} cannot be asked (${problem.code ?? problem.message}).`,
    next: 'Run this as the user who started the bridge; if it has just been stopped, run it again.',
  });
}

/** Listens on the socket, which nobody else may open at any moment. */
async function openDoor(server: Server, dataDirectory: string): Promise<void> {
  const path = socketPath(dataDirectory);
  const hasFiles = process.platform !== 'win32';
  const umask = hasFiles ? process.umask(0o177) : undefined;
  try {
    if (hasFiles) await rm(path, { force: true });
    await listen(server, path);
    if (hasFiles) await chmod(path, 0o600);
  } catch (problem) {
    throw new Refusal({
      code: 'unavailable',
      message: `The bridge cannot listen on ${path} for the operator (${(problem as NodeJS.ErrnoException).code ?? problem}).`,
      field: 'dataDirectory',
      next: 'Choose a data directory on a local file system that this user may write to.',
    });
  } finally {
    if (umask !== undefined) process.umask(umask);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(path, () => done());
  });
}
