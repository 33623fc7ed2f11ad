import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Sink } from './sinks.ts';

/** Checkpoints one sink can be behind. The newest covers what the older ones covered, so these go first. */
const maxWaiting = 100;
const firstPauseMs = 1_000;
const lastPauseMs = 300_000;

/** Gives checkpoints to one sink in their order, again and again until it takes them. */
export interface Delivery {
  add(checkpoint: Checkpoint): void;
  /** Checkpoints that the sink has not taken yet. */
  waiting(): number;
  /** Tries what waits once more, and gives up what is not taken. */
  close(): Promise<void>;
}

/** A failing sink is logged and tried again after 1 s, 2 s, … 5 min; nothing else waits for it. */
export function createDelivery(sink: Sink, { clock, log }: { clock: Clock; log: Log }): Delivery {
  const waiting: Checkpoint[] = [];
  let pauseMs = firstPauseMs;
  let callOff = () => {};
  let underway: Promise<void> | undefined;
  let isClosed = false;

  async function deliverAll(): Promise<void> {
    for (;;) {
      const [next] = waiting;
      if (next === undefined) {
        // Here and not where the promise is settled: one that is added in between would wait for the next.
        underway = undefined;
        return;
      }
      await sink.deliver(next);
      // It may have been pushed out meanwhile.
      if (waiting[0] === next) waiting.shift();
      pauseMs = firstPauseMs;
    }
  }

  function turn(): void {
    callOff();
    underway ??= deliverAll()
      .catch((problem: unknown) => {
        log.warn({ err: problem, sink: sink.name, waiting: waiting.length }, 'an audit checkpoint could not be delivered');
        if (!isClosed) callOff = clock.after(pauseMs, turn);
        pauseMs = Math.min(lastPauseMs, pauseMs * 2);
      })
      .finally(() => {
        underway = undefined;
      });
  }

  return {
    waiting: () => waiting.length,
    add(checkpoint) {
      waiting.push(checkpoint);
      if (waiting.length > maxWaiting) {
        const gone = waiting.shift();
        log.warn({ sink: sink.name, seq: gone?.seq }, 'an audit checkpoint was not delivered; later ones cover it');
      }
      turn();
    },
    async close() {
      isClosed = true;
      callOff();
      await underway;
      if (waiting.length === 0) return;
      turn();
      await underway;
    },
  };
}
