import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';

/** Between two tries: at first, and doubled up to the last. */
const firstPauseMs = 200;
const lastPauseMs = 2_000;
/** One try may take so long, even when less time is left: usually the database is there and only slow. */
const tryMs = 5_000;

/** What waits for the database, and for how long. */
export interface Outlasting {
  clock: Clock;
  /** By the monotonic clock. */
  untilMs: number;
  signal: AbortSignal;
  /** Waits so long at most; may end earlier. Never rejects. */
  pause(ms: number): Promise<void>;
  /** Called after each try that failed. */
  tell(): Promise<void>;
  /** Thrown when the time is up. */
  givenUp(): Refusal;
}

/**
 * Asks the database, and asks again while it is away, with longer and longer pauses, until the time is up. What `ask` does may be done
 * although it failed, so it must bear being done twice.
 */
export async function outlast<T>(outlasting: Outlasting, ask: () => Promise<T>): Promise<T> {
  const { clock, untilMs, signal, pause, tell, givenUp } = outlasting;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(lastPauseMs, 2 * pauseMs)) {
    try {
      return await inTime(clock, Math.max(tryMs, untilMs - clock.monotonic()), ask(), givenUp);
    } catch (problem) {
      if (!isAway(problem)) throw problem;
      // Nobody gets an answer: what was placed is taken back by whoever placed it.
      if (signal.aborted && !isDraining(signal)) throw problem;
      const leftMs = untilMs - clock.monotonic();
      if (leftMs <= 0 || signal.aborted) throw givenUp();
      await tell();
      await pause(Math.min(pauseMs, leftMs));
    }
  }
}

const isAway = (problem: unknown): boolean => problem instanceof Refusal && problem.code === 'unavailable';

/** The bridge goes down, and this call is still answered. Where its key ended it is not. */
const isDraining = ({ reason }: AbortSignal): boolean => reason instanceof Refusal && reason.code !== 'invalid_token';

function inTime<T>(clock: Clock, ms: number, work: Promise<T>, givenUp: () => Refusal): Promise<T> {
  return new Promise((resolve, reject) => {
    const callOff = clock.after(ms, () => reject(givenUp()));
    work.then(resolve, reject).finally(callOff);
  });
}
