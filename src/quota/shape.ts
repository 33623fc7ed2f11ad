import type { Clock } from '../lib/clock.ts';
import { departure, throwIfLeft } from '../lib/left.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Charge } from './charge.ts';

/** How long a call may wait for its turn; clients give up at about a minute. */
const maxQueuedMs = 30_000;
/** Tools that answer at once and that somebody needs whose places are all taken by waits: to look, to find, to cancel. */
const promptTools: ReadonlySet<string> = new Set(['cancel_action', 'get_status', 'list_actions']);
/** Places of one caller that only these tools may take. */
const promptPlaces = 4;

/** Bounds how many calls of one caller run and wait at a time, in this process. */
export interface Shaper {
  /**
   * Runs `work` now or in its turn, and tells it how long it waited. Throws `too_busy` when too many wait already, or the turn
   * does not come in time. A caller that leaves gives up its turn: then `work` never starts.
   */
  run<T>(charge: Charge, signal: AbortSignal, work: (queuedMs: number) => Promise<T>): Promise<T>;
}

/** The calls of one caller: how many run, and those that wait, in order. */
interface Line {
  running: number;
  waiting: Set<() => void>;
}

/**
 * Shapes bursts by `concurrent_calls` and `queued_calls` of the caller's role; tools that answer at once have places of their own. A
 * line of our own: Bottleneck adds about 5 ms to each job, and nobody can leave its queue.
 */
export function createShaper(clock: Clock): Shaper {
  // A line with nothing under way takes no memory.
  const lines = new Map<string, Line>();
  return {
    async run(charge, signal, work) {
      const { principal, quotas, tool } = charge.permit;
      const isPrompt = promptTools.has(tool);
      const places = isPrompt ? promptPlaces : quotas.concurrentCalls;
      const key = JSON.stringify([principal.org, principal.subject, isPrompt]);
      throwIfLeft(signal);
      const line = lines.get(key) ?? { running: 0, waiting: new Set() };
      lines.set(key, line);
      const comeMs = clock.monotonic();
      // Who waits is handed the place of who ends, which stays counted.
      if (line.running < places) line.running += 1;
      else await turnIn(line, clock, signal, busy(places, quotas.queuedCalls), quotas.queuedCalls);
      try {
        return await work(clock.monotonic() - comeMs);
      } finally {
        const [next] = line.waiting;
        if (next !== undefined) next();
        else {
          line.running -= 1;
          if (line.running === 0) lines.delete(key);
        }
      }
    },
  };
}

/** Resolves when it is this call's turn; it is out of the line however this ends. */
function turnIn({ waiting }: Line, clock: Clock, signal: AbortSignal, refusal: Refusal, maxWaiting: number): Promise<void> {
  if (waiting.size >= maxWaiting) return Promise.reject(refusal);
  return new Promise((resolve, reject) => {
    const step = (then: () => void) => () => {
      waiting.delete(go);
      callOff();
      signal.removeEventListener('abort', leave);
      then();
    };
    const go = step(resolve);
    const leave = step(() => reject(departure(signal)));
    const callOff = clock.after(
      maxQueuedMs,
      step(() => reject(refusal)),
    );
    signal.addEventListener('abort', leave, { once: true });
    waiting.add(go);
  });
}

function busy(concurrent: number, queued: number): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `This caller has ${concurrent} calls running and up to ${queued} waiting already.`,
    next: 'Let some of them end, then call again.',
    data: { concurrentCalls: concurrent, queuedCalls: queued },
  });
}
