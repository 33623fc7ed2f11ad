import type { WebSocket } from 'ws';
import type { Clock } from '../lib/clock.ts';
import { createBucket } from './bucket.ts';
import type { HubSettings } from './settings.ts';

/** Messages handled before other sockets get their turn; handlers that wait for storage yield by themselves. */
const messagesPerTurn = 16;

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

/** Reads from the socket; stops reading where too much waits. `handle` never rejects. */
export function createIntake(
  socket: WebSocket,
  clock: Clock,
  settings: HubSettings,
  handle: (message: Message) => Promise<void>,
  overflow: () => void,
): Intake {
  const bucket = createBucket(clock, settings.framesPerSecond, settings.frameBurst);
  let waiting: Message[] = [];
  let waitingBytes = 0;
  let discarded = false;
  let working: Promise<void> | undefined;
  let wake: (() => void) | undefined;

  socket.on('message', (data, binary) => {
    if (discarded) return;
    const message = { data: data as Buffer, binary };
    waiting.push(message);
    waitingBytes += message.data.length;
    if (waiting.length > settings.maxQueuedFrames) {
      overflow();
      return;
    }
    if (waiting.length >= settings.pauseAtFrames || waitingBytes >= settings.pauseAtBytes) socket.pause();
    working ??= work();
  });

  async function work(): Promise<void> {
    // `working` must be set before anything here can finish and clear it.
    await Promise.resolve();
    let inTurn = 0;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const waitMs = bucket.take(Math.max(1, next.data.length / settings.bytesPerToken));
      if (waitMs > 0) {
        socket.pause();
        await pause(waitMs);
        continue;
      }
      waiting.shift();
      waitingBytes -= next.data.length;
      await handle(next);
      inTurn += 1;
      if (inTurn % messagesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      if (socket.isPaused && waiting.length < settings.pauseAtFrames / 2 && waitingBytes < settings.pauseAtBytes / 2)
        socket.resume();
    }
    socket.resume();
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
      return working !== undefined || waiting.length > 0;
    },
    async idle() {
      while (working !== undefined) await working;
    },
    discard() {
      discarded = true;
      waiting = [];
      waitingBytes = 0;
      wake?.();
      socket.resume();
    },
  };
}
