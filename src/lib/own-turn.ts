import { setImmediate as nextTurn } from 'node:timers/promises';

let line: Promise<unknown> = Promise.resolve();

/**
 * Resolves when it is the caller's turn: in each turn of the event loop one caller does its piece of work, of at most some tens of
 * milliseconds, so that however many are at work, everything else waits for one piece at most.
 */
export function ownTurn(): Promise<unknown> {
  line = line.then(() => nextTurn());
  return line;
}
