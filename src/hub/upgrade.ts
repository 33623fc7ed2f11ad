import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal, refusals } from '../lib/refusal.ts';
import { subprotocol } from '../protocol/frames.ts';
import type { Enrolment } from './handlers.ts';
import type { SessionContext } from './session-context.ts';
import { within } from './within.ts';

/** The only path agents connect to. */
export const agentPath = '/agent';

/** What the upgrade has to know of the hub at this moment. */
export interface Door {
  readonly draining: boolean;
  /** Keys that were revoked while this process runs: a proof that began before may end after. */
  readonly revoked: ReadonlySet<string>;
  /** Connections whose key is being proved. */
  authenticating: number;
}

interface No {
  status: number;
  sentence: string;
  headers?: Record<string, string>;
}

/** Proves that this connection may become a WebSocket, or answers in plain HTTP why not and resolves with undefined. */
export async function letIn(
  context: SessionContext,
  door: Door,
  request: IncomingMessage,
  socket: Duplex,
): Promise<Enrolment | undefined> {
  // Until it is a WebSocket nobody else listens, and an unheard error ends the process.
  const failed = () => socket.destroy();
  socket.on('error', failed);
  const no = objection(context, door, request);
  if (no !== undefined) {
    answer(socket, no);
    return undefined;
  }
  door.authenticating += 1;
  try {
    const { handlers, settings } = context;
    const proof = handlers.authenticate(bearerOf(request), context.addressOf(request));
    const enrolment = await within(settings.handlerMs, 'handlers.authenticate', proof);
    if (socket.destroyed) return undefined;
    if (door.draining) answer(socket, draining);
    else if (door.revoked.has(enrolment.keyId)) answer(socket, unauthorized('The enrolment key was revoked.'));
    else {
      socket.off('error', failed);
      return enrolment;
    }
  } catch (error) {
    if (error instanceof Refusal) {
      const { code: reason, message: sentence } = error.details;
      if (refusals[error.code].status === 401)
        context.handlers.turnedAway({ reason, sentence, address: context.addressOf(request), refusal: error });
      answer(socket, refused(error));
    } else {
      context.log.error({ err: error }, 'enrolment key not checked');
      answer(socket, { status: 503, sentence: 'The enrolment key could not be checked now.', headers: retrySoon });
    }
  } finally {
    door.authenticating -= 1;
  }
  return undefined;
}

const retrySoon = { 'retry-after': '5' };
const draining: No = { status: 503, sentence: 'This bridge is shutting down.', headers: retrySoon };

function objection({ registry, settings }: SessionContext, door: Door, request: IncomingMessage): No | undefined {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== agentPath) return { status: 404, sentence: `Agents connect to ${agentPath}.` };
  // Browsers always send an origin, and no agent does: not even a page that was given a name of this host (DNS rebinding) gets in.
  if (request.headers.origin !== undefined)
    return { status: 403, sentence: 'Agents are programs; a web page does not connect here.' };
  if (door.draining) return draining;
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  if (!offered.includes(subprotocol)) {
    const headers = { upgrade: 'websocket', 'sec-websocket-protocol': subprotocol };
    return { status: 426, sentence: `Agents speak the WebSocket sub-protocol ${subprotocol}.`, headers };
  }
  if (registry.open.size + door.authenticating >= settings.maxConnections) {
    return { status: 503, sentence: `This bridge holds ${settings.maxConnections} connections already.`, headers: retrySoon };
  }
  if (door.authenticating >= settings.maxAuthenticating) {
    return { status: 503, sentence: 'Too many agents are signing in at this moment.', headers: retrySoon };
  }
  return undefined;
}

function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function unauthorized(sentence: string): No {
  return { status: 401, sentence, headers: { 'www-authenticate': 'Bearer' } };
}

function refused(refusal: Refusal): No {
  const { status } = refusals[refusal.code];
  if (status === 401) return unauthorized(refusal.message);
  return { status, sentence: refusal.message, ...(status === 503 ? { headers: retrySoon } : {}) };
}

function answer(socket: Duplex, { status, sentence, headers = {} }: No): void {
  const body = `${sentence}\n`;
  const all = {
    connection: 'close',
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}
