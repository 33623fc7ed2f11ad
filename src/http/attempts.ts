import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { maxAddresses, networkOf, tooBusy, windowMs } from './too-busy.ts';

/** Tries that cost something and may fail, such as those with a token. */
export interface Attempts {
  /**
   * Makes a try, and rejects as it does. Throws `too_busy` without making it when too many from there failed within the minute.
   * `failed` says of what it came to whether it counts; unless given, a rejection with `invalid_token` does.
   */
  run<T>(address: string | undefined, attempt: () => Promise<T>, failed?: (outcome: Outcome<T>) => boolean): Promise<T>;
  /** What has to be there before a try can be made, such as a body. When it rejects, so does this, and that counts as a try that failed. */
  prepare(address: string | undefined, preparation: () => Promise<void>): Promise<void>;
}

/** What a try came to. */
export type Outcome<T> = { value: T } | { problem: unknown };

/** One network, while something of it is counted or under way. */
interface Counted {
  startedMs: number;
  failed: number;
  underWay: number;
  /** Those that wait until it is known how the ones before them ended. */
  waiting: (() => void)[];
}

/** Tries of one network that wait at a time; each is a connection somebody holds open. */
const maxWaiting = 1_000;

/** Whether the try failed because of what was shown. */
export const wasInvalidToken = (outcome: Outcome<unknown>) =>
  'problem' in outcome && outcome.problem instanceof Refusal && outcome.problem.code === 'invalid_token';

/**
 * Counts tries that fail, by where they come from, and makes no more than `perMinute` of them; good ones are never counted. There is no
 * count of all, and addresses beyond 10,000 go uncounted, because whoever could fill either would lock out everybody else.
 */
export function attempts(clock: Clock, perMinute: number, what: string): Attempts {
  const byAddress = new Map<string, Counted>();

  function countedOf(address: string): Counted | undefined {
    const nowMs = clock.monotonic();
    const known = byAddress.get(address);
    if (known !== undefined) {
      if (nowMs - known.startedMs >= windowMs) Object.assign(known, { startedMs: nowMs, failed: 0 });
      return known;
    }
    if (byAddress.size >= maxAddresses) sweep(nowMs);
    if (byAddress.size >= maxAddresses) return undefined;
    const counted: Counted = { startedMs: nowMs, failed: 0, underWay: 0, waiting: [] };
    byAddress.set(address, counted);
    return counted;
  }

  let sweptMs = Number.NEGATIVE_INFINITY;
  function sweep(nowMs: number): void {
    if (nowMs - sweptMs < windowMs) return; // else a flood of addresses would sweep with each request
    sweptMs = nowMs;
    for (const [address, { startedMs, underWay }] of byAddress)
      if (underWay === 0 && nowMs - startedMs >= windowMs) byAddress.delete(address);
  }

  /** Those under way may all fail, so that others start only where there is room for that. */
  async function turn(counted: Counted): Promise<void> {
    while (counted.failed < perMinute && counted.failed + counted.underWay >= perMinute) {
      if (counted.waiting.length >= maxWaiting) throw tooBusy(what, counted.startedMs, clock.monotonic());
      await new Promise<void>((go) => counted.waiting.push(go));
    }
    if (counted.failed >= perMinute) throw tooBusy(what, counted.startedMs, clock.monotonic());
    counted.underWay += 1;
  }

  function end(address: string, counted: Counted, isFailed: boolean): void {
    counted.underWay -= 1;
    settle(address, counted, isFailed);
  }

  function settle(address: string, counted: Counted, isFailed: boolean): void {
    if (isFailed) counted.failed += 1;
    const isSpent = counted.failed >= perMinute;
    for (const go of counted.waiting.splice(0, isSpent ? counted.waiting.length : 1)) go();
    if (counted.failed === 0 && counted.underWay === 0 && counted.waiting.length === 0) byAddress.delete(address);
  }

  return {
    async run(from, attempt, failed = wasInvalidToken) {
      const address = networkOf(from ?? '');
      const counted = countedOf(address);
      if (counted === undefined) return attempt();
      await turn(counted);
      let isFailed = false;
      try {
        const value = await attempt();
        isFailed = failed({ value });
        return value;
      } catch (problem) {
        isFailed = failed({ problem });
        throw problem;
      } finally {
        end(address, counted, isFailed);
      }
    },
    async prepare(from, preparation) {
      const address = networkOf(from ?? '');
      const known = byAddress.get(address) && countedOf(address);
      if (known !== undefined && known.failed >= perMinute) throw tooBusy(what, known.startedMs, clock.monotonic());
      try {
        await preparation();
      } catch (problem) {
        const counted = countedOf(address);
        if (counted !== undefined) settle(address, counted, true);
        throw problem;
      }
    },
  };
}
