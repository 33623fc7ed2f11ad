import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** Lines of one kind that are logged in a minute; somebody who found out how to cause one can cause thousands a second. */
const maxPerMinute = 60;
const minuteMs = 60_000;

/** Which lines are many: those of this level. */
interface Kind {
  level: 'error' | 'warn' | 'info';
  /** Said, with their number in `left`, of those that were left out. */
  left: string;
}

const failures: Kind = { level: 'error', left: 'more requests failed in a minute than the log takes' };

/** The same log with so many lines of one level a minute, unless told otherwise of errors, and a line that says how many more there were. */
export function seldom(log: Log, clock: Clock, { level, left: words }: Kind = failures): Log {
  let logged = 0;
  let left = 0;
  let isCounting = false;

  function minuteEnds(): void {
    isCounting = false;
    if (left > 0) log[level]({ left }, words);
    logged = 0;
    left = 0;
  }

  const write = (facts: object, text: string): void => {
    if (!isCounting) clock.after(minuteMs, minuteEnds);
    isCounting = true;
    if (logged < maxPerMinute) {
      logged += 1;
      log[level](facts, text);
    } else left += 1;
  };
  return Object.assign(log.child({}), { [level]: write });
}
