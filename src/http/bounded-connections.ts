import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';

/** What connections may cost. */
export interface ConnectionLimits {
  /** Requests of one connection that are not answered yet. Browsers, SDKs and proxies send the next one after the answer. */
  unanswered: number;
  /** How long a client may take nothing of what waits for it. */
  stuckMs: number;
  /** How long something may wait for it without a moment in which nothing does. */
  slowMs: number;
  /** Connections at a time, those of agents aside, which are counted elsewhere. */
  open: number;
  /** Bytes of all answers that are not taken yet. */
  unsentBytes: number;
}

const defaults: ConnectionLimits = {
  unanswered: 8,
  stuckMs: 30_000,
  slowMs: 120_000,
  open: 4_096,
  unsentBytes: 64 * 1024 * 1024,
};

/** How long the whole of a request may take to come; Node's own default is five minutes. */
const requestMs = 30_000;
/** How often it is looked how much is not taken. */
const lookMs = 1_000;

/** One connection. */
interface Open {
  /** Answers that are not out, in the order of their requests. */
  answers: Set<ServerResponse>;
  /** Since when something waits for the client, by the monotonic clock. */
  waitingSinceMs: number | undefined;
}

/**
 * Cuts connections that cost memory and give nothing: those with more requests unanswered than anybody sends who reads the answers, those
 * that do not read them, and where there are too many, or too much is not taken, those for which most waits. Requests that come too slowly
 * end as Node ends them, with 408.
 */
export function boundConnections(server: Server, clock: Clock, changes: Partial<ConnectionLimits> = {}): void {
  const limits = { ...defaults, ...changes };
  const all = new Map<Socket, Open>();
  server.requestTimeout = requestMs;

  server.on('connection', (socket: Socket) => {
    if (all.size >= limits.open) cutOne(all);
    // Nobody could be spared: each waits for an answer.
    if (all.size >= limits.open) {
      socket.destroy();
      return;
    }
    all.set(socket, { answers: new Set(), waitingSinceMs: undefined });
    socket.once('close', () => all.delete(socket));
  });
  // From there on it is the hub's.
  server.prependListener('upgrade', ({ socket }: IncomingMessage) => void all.delete(socket));
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const answers = all.get(socket)?.answers;
    if (answers === undefined) return;
    answers.add(response);
    response.once('close', () => answers.delete(response));
    if (answers.size > limits.unanswered) socket.destroy();
  });
  // Nothing was sent or taken for so long. Whoever waits for an answer that may take minutes has nothing to take yet.
  server.setTimeout(limits.stuckMs, (socket) => {
    if ((all.get(socket)?.answers.size ?? 0) === 0 || socket.writableLength > 0) socket.destroy();
  });

  let callOff = clock.after(lookMs, look);
  server.once('close', () => callOff());
  function look(): void {
    callOff = clock.after(lookMs, look);
    const nowMs = clock.monotonic();
    let bytes = 0;
    for (const [socket, open] of all) {
      const waiting = unsentOf(socket, open);
      bytes += waiting;
      open.waitingSinceMs = waiting === 0 ? undefined : (open.waitingSinceMs ?? nowMs);
      if (open.waitingSinceMs !== undefined && nowMs - open.waitingSinceMs >= limits.slowMs) socket.destroy();
    }
    if (bytes <= limits.unsentBytes) return;
    const most = [...all].map(([socket, open]) => ({ socket, waiting: unsentOf(socket, open) }));
    most.sort((left, right) => right.waiting - left.waiting);
    // Down to half of it, so that not each look has to sort.
    for (const { socket, waiting } of most) {
      if (bytes <= limits.unsentBytes / 2) break;
      socket.destroy();
      bytes -= waiting;
    }
  }
}

/** Bytes of its answers that are not taken: what the connection was given, and what stands behind that. */
function unsentOf(socket: Socket, { answers }: Open): number {
  let bytes = socket.writableLength;
  for (const answer of answers) if (answer.socket === null) bytes += answer.writableLength;
  return bytes;
}

/** The one for which most waits, else the one that has been asked for nothing for longest. */
function cutOne(all: Map<Socket, Open>): void {
  let worst: Socket | undefined;
  let most = 0;
  for (const [socket, open] of all) {
    const waiting = unsentOf(socket, open);
    if (waiting <= most) continue;
    most = waiting;
    worst = socket;
  }
  if (worst === undefined) [worst] = [...all].find(([, { answers }]) => answers.size === 0) ?? [];
  if (worst === undefined) return;
  all.delete(worst);
  worst.destroy();
}
