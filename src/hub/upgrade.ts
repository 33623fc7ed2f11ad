import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal, type RefusalCode, refusals } from '../lib/refusal.ts';
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
  /** What it is counted as. */
  code: RefusalCode;
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
  const turnAway = (no: No) => {
    tell(context, request, no.status, no.code);
    answer(socket, no);
  };
  const no = objection(context, door, request);
  if (no !== undefined) {
    turnAway(no);
    return undefined;
  }
  door.authenticating += 1;
  try {
    const { handlers, settings } = context;
    const proof = handlers.authenticate(bearerOf(request), context.addressOf(request));
    const enrolment = await within(settings.handlerMs, 'handlers.authenticate', proof);
    if (socket.destroyed) tell(context, request, 'left');
    else if (door.draining) turnAway(draining);
    else if (door.revoked.has(enrolment.keyId)) turnAway(unauthorized('invalid_token', 'The enrolment key was revoked.'));
    else {
      tell(context, request, 101);
      socket.off('error', failed);
      return enrolment;
    }
  } catch (error) {
    if (error instanceof Refusal) {
      const { code: reason, message: sentence } = error.details;
      if (refusals[error.code].status === 401)
        context.handlers.turnedAway({ reason, sentence, address: context.addressOf(request), refusal: error });
      turnAway(refused(error));
    } else {
      context.log.error({ err: error }, 'enrolment key not checked');
      turnAway(notNow('The enrolment key could not be checked now.'));
    }
  } finally {
    door.authenticating -= 1;
  }
  return undefined;
}

const retrySoon = { 'retry-after': '5' };
const notNow = (sentence: string): No => ({ status: 503, code: 'unavailable', sentence, headers: retrySoon });
const draining = notNow('This bridge is shutting down.');

const pathOf = (request: IncomingMessage) => (request.url ?? '').split('?', 1)[0];

/** Counts what became of it. Of those that showed no good key the handlers are told, who count them among the agents. */
function tell({ telemetry }: SessionContext, request: IncomingMessage, status: number | 'left', code?: RefusalCode): void {
  const isAgent = pathOf(request) === agentPath;
  telemetry.count('httpRequests', { route: isAgent ? 'agent' : 'other', status: String(status), code: code ?? '' });
  if (isAgent && code !== undefined && status !== 401) telemetry.count('agentsRefused', { reason: code });
}

function objection({ registry, settings }: SessionContext, door: Door, request: IncomingMessage): No | undefined {
  if (pathOf(request) !== agentPath) return { status: 404, code: 'not_found', sentence: `Agents connect to ${agentPath}.` };
  // Browsers always send an origin, and no agent does: not even a page that was given a name of this host (DNS rebinding) gets in.
  if (request.headers.origin !== undefined)
    return { status: 403, code: 'forbidden_origin', sentence: 'Agents are programs; a web page does not connect here.' };
  if (door.draining) return draining;
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  if (!offered.includes(subprotocol)) {
    const headers = { upgrade: 'websocket', 'sec-websocket-protocol': subprotocol };
    return { status: 426, code: 'invalid_input', sentence: `Agents speak the WebSocket sub-protocol ${subprotocol}.`, headers };
  }
  if (registry.open.size + door.authenticating >= settings.maxConnections) {
    return notNow(`This bridge holds ${settings.maxConnections} connections already.`);
  }
  if (door.authenticating >= settings.maxAuthenticating) {
    return notNow('Too many agents are signing in at this moment.');
  }
  return undefined;
}

function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function unauthorized(code: RefusalCode, sentence: string): No {
  return { status: 401, code, sentence, headers: { 'www-authenticate': 'Bearer' } };
}

function refused(refusal: Refusal): No {
  const { code } = refusal;
  const { status } = refusals[code];
  if (status === 401) return unauthorized(code, refusal.message);
  return { status, code, sentence: refusal.message, ...(status === 503 ? { headers: retrySoon } : {}) };
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
