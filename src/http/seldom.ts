import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** Errors of one kind that are logged in a minute; somebody who found one can cause thousands a second, each with its stack. */
const maxPerMinute = 60;
const minuteMs = 60_000;

/** The same log with so many errors a minute, and a line that says how many more there were. */
export function seldom(log: Log, clock: Clock): Log {
  let logged = 0;
  let left = 0;
  let isCounting = false;

  function minuteEnds(): void {
    isCounting = false;
    if (left > 0) log.error({ left }, 'more requests failed in a minute than the log takes');
    logged = 0;
    left = 0;
  }

  const error = (facts: object, words: string): void => {
    if (!isCounting) clock.after(minuteMs, minuteEnds);
    isCounting = true;
    if (logged < maxPerMinute) {
      logged += 1;
      log.error(facts, words);
    } else left += 1;
  };
  return Object.assign(log.child({}), { error });
}
