import type { WebSocket } from 'ws';
import { createBucket } from './bucket.ts';
import type { SessionContext } from './session-context.ts';

/** Messages handled before other sockets get their turn; handlers that wait for storage yield by themselves. */
const messagesPerTurn = 16;

/** An agent with so little waiting is read also when that of all is too much: who sends a little does not wait for those who fill it. */
const littleBytes = 4 * 1024;

/** One message as it came. */
export interface Message {
  data: Buffer;
  binary: boolean;
}

/** The frames of one agent on their way in: one at a time, in order, at a bounded rate. */
export interface Intake {
  /** True while messages wait or the socket is not read, so that silence means nothing. */
  readonly busy: boolean;
  /** Resolves when nothing waits and nothing is in hand. */
  idle(): Promise<void>;
  /** Forgets what waits; what is in hand finishes. */
  discard(): void;
}

/** What the intake tells its session. */
interface Listener {
  /** Never rejects. */
  handle(message: Message): Promise<void>;
  /** More waits than may. */
  overflow(): void;
  /** All that came is dealt with. */
  rest(): void;
}

/** Reads from the socket; stops reading where too much waits, of this agent or of all. */
export function createIntake(
  socket: WebSocket,
  { clock, settings, backlog }: Pick<SessionContext, 'clock' | 'settings' | 'backlog'>,
  { handle, overflow, rest }: Listener,
): Intake {
  const bucket = createBucket(clock, settings.framesPerSecond, settings.frameBurst);
  let waiting: Message[] = [];
  let waitingBytes = 0;
  let discarded = false;
  /** While its rate is used up. */
  let isResting = false;
  let working: Promise<void> | undefined;
  let wake: (() => void) | undefined;

  socket.on('message', (data, binary) => {
    if (discarded) return;
    const message = { data: alone(data as Buffer), binary };
    waiting.push(message);
    waitingBytes += message.data.length;
    backlog.add(message.data);
    if (waiting.length > settings.maxQueuedFrames) {
      overflow();
      return;
    }
    const isOwnFull = waiting.length >= settings.pauseAtFrames || waitingBytes >= settings.pauseAtBytes;
    if (isOwnFull || (backlog.isFull && waitingBytes > littleBytes)) socket.pause();
    working ??= work();
  });
  socket.once('close', () => backlog.forget(readOn));

  /** Where nothing is too much any more; else it is called again when there is room. */
  function readOn(): void {
    const isLow = waiting.length < settings.pauseAtFrames / 2 && waitingBytes < settings.pauseAtBytes / 2;
    if (!socket.isPaused || isResting || !isLow) return;
    if (backlog.isFull && waitingBytes > littleBytes && !discarded) backlog.whenRoom(readOn);
    else socket.resume();
  }

  async function work(): Promise<void> {
    // `working` must be set before anything here can finish and clear it.
    await Promise.resolve();
    let inTurn = 0;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const waitMs = bucket.take(Math.max(1, next.data.length / settings.bytesPerToken));
      if (waitMs > 0) {
        socket.pause();
        isResting = true;
        await pause(waitMs);
        isResting = false;
        continue;
      }
      waiting.shift();
      waitingBytes -= next.data.length;
      await handle(next);
      backlog.remove(next.data);
      inTurn += 1;
      if (inTurn % messagesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      readOn();
    }
    rest();
    readOn();
    working = undefined;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    get busy() {
      return working !== undefined || waiting.length > 0 || backlog.keepsWaiting(readOn);
    },
    async idle() {
      while (working !== undefined) await working;
    },
    discard() {
      discarded = true;
      backlog.forget(readOn);
      backlog.remove(...waiting.map(({ data }) => data));
      waiting = [];
      waitingBytes = 0;
      wake?.();
      socket.resume();
    },
  };
}

/** A message by itself: as it comes it is a piece of all that one read of the socket brought, and would keep that while it waits. */
function alone(data: Buffer): Buffer {
  return data.length < data.buffer.byteLength / 2 ? Buffer.from(new Uint8Array(data).buffer) : data;
}
