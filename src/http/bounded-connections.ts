import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { Crowd, type Member } from './crowd.ts';
import { hasGoodKey } from './good-key.ts';

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

/** One network that has more than this part of them makes room before others do. */
const shareOfOpen = 1 / 8;
/** Whoever takes longer for a request is slow: most come in one piece. */
const slowRequestMs = 2_000;

/** What a connection is about. One that waits for an answer which nobody has given yet is about nothing it could leave. */
type Standing = 'receiving' | 'unread' | 'idle' | 'trusted' | 'trusted unread';

/** Who makes room for a new connection, in this order: strangers first, and of them those that are slow. Newcomers do not cut each other off. */
const makeRoom: readonly { standing: Standing; forMs: number }[] = [
  { standing: 'receiving', forMs: slowRequestMs },
  { standing: 'unread', forMs: 0 },
  { standing: 'idle', forMs: 0 },
  { standing: 'receiving', forMs: 0 },
  { standing: 'trusted', forMs: 0 },
  { standing: 'trusted unread', forMs: 0 },
];

/** One connection. */
interface Open extends Member {
  socket: Socket;
  /** Answers that are not out, in the order of their requests. */
  answers: Set<ServerResponse>;
  /** The request that came last. */
  latest: IncomingMessage | undefined;
  /** Whether the last answer was for a good key. */
  isTrusted: boolean;
  /** Since when something waits for the client, by the monotonic clock. */
  waitingSinceMs: number | undefined;
  standing: Standing | undefined;
}

/**
 * Cuts connections that cost memory and give nothing: those with more requests unanswered than anybody sends who reads the answers, those
 * that do not read them, and where too much is not taken, those for which most waits. Where there are too many, one that is about nothing
 * makes room for each new one. Requests that come too slowly end as Node ends them, with 408.
 */
export function boundConnections(server: Server, clock: Clock, changes: Partial<ConnectionLimits> = {}): void {
  const limits = { ...defaults, ...changes };
  const all = new Map<Socket, Open>();
  const crowd = () => new Crowd<Open>(limits.open * shareOfOpen);
  const crowds: Record<Standing, Crowd<Open>> = {
    ...{ receiving: crowd(), unread: crowd(), idle: crowd() },
    ...{ trusted: crowd(), 'trusted unread': crowd() },
  };
  server.requestTimeout = requestMs;

  server.on('connection', (socket: Socket) => {
    if (all.size >= limits.open) cutOne();
    // Nobody could be spared: each waits for an answer.
    if (all.size >= limits.open) {
      socket.destroy();
      return;
    }
    const open: Open = {
      ...{ socket, address: socket.remoteAddress ?? '', sinceMs: 0, standing: undefined },
      ...{ answers: new Set(), latest: undefined, isTrusted: false, waitingSinceMs: undefined },
    };
    all.set(socket, open);
    stand(open);
    socket.once('close', () => forget(socket));
  });
  // From there on it is the hub's.
  server.prependListener('upgrade', ({ socket }: IncomingMessage) => forget(socket));
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const open = all.get(request.socket);
    if (open === undefined) return;
    const { answers, socket } = open;
    answers.add(response);
    open.latest = request;
    stand(open);
    response.once('close', () => {
      answers.delete(response);
      open.isTrusted = hasGoodKey(request);
      if (!all.has(socket)) return;
      fall(open);
      stand(open);
    });
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
    for (const open of all.values()) {
      const waiting = unsentOf(open);
      bytes += waiting;
      open.waitingSinceMs = waiting === 0 ? undefined : (open.waitingSinceMs ?? nowMs);
      stand(open);
      if (open.waitingSinceMs !== undefined && nowMs - open.waitingSinceMs >= limits.slowMs) open.socket.destroy();
    }
    if (bytes <= limits.unsentBytes) return;
    const most = [...all.values()].map((open) => ({ socket: open.socket, waiting: unsentOf(open) }));
    most.sort((left, right) => right.waiting - left.waiting);
    // Down to half of it, so that not each look has to sort.
    for (const { socket, waiting } of most) {
      if (bytes <= limits.unsentBytes / 2) break;
      socket.destroy();
      bytes -= waiting;
    }
  }

  /** Puts it where it stands by now, behind those that came there before. */
  function stand(open: Open): void {
    const standing = standingOf(open);
    if (standing === open.standing) return;
    fall(open);
    open.standing = standing;
    open.sinceMs = clock.monotonic();
    if (standing !== undefined) crowds[standing].add(open);
  }

  function fall(open: Open): void {
    if (open.standing !== undefined) crowds[open.standing].delete(open);
    open.standing = undefined;
  }

  function forget(socket: Socket): void {
    const open = all.get(socket);
    if (open === undefined) return;
    all.delete(socket);
    fall(open);
  }

  function cutOne(): void {
    const nowMs = clock.monotonic();
    for (const { standing, forMs } of makeRoom) {
      for (let open = crowds[standing].first(nowMs - forMs); open; open = crowds[standing].first(nowMs - forMs)) {
        if (standingOf(open) === standing) {
          forget(open.socket);
          open.socket.destroy();
          return;
        }
        stand(open); // nothing tells when the last of a body has come
      }
    }
  }
}

/** Bytes of its answers that are not taken: what the connection was given, and what stands behind that. */
function unsentOf({ socket, answers }: Open): number {
  let bytes = socket.writableLength;
  for (const answer of answers) if (answer.socket === null) bytes += answer.writableLength;
  return bytes;
}

function standingOf({ answers, latest, isTrusted, waitingSinceMs }: Open): Standing | undefined {
  const isKnown = isTrusted || (latest !== undefined && hasGoodKey(latest));
  if (!latest?.complete) return isKnown ? 'trusted' : 'receiving';
  if (answers.size === 0) return isKnown ? 'trusted' : 'idle';
  if (waitingSinceMs === undefined) return undefined;
  return isKnown ? 'trusted unread' : 'unread';
}
