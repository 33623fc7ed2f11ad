import { setImmediate as nextTurn } from 'node:timers/promises';

/** Pieces begin in one turn of the event loop for so long; then everything else comes first. */
const turnMs = 5;

let line: Promise<void> = Promise.resolve();
let begunMs = Number.NEGATIVE_INFINITY;

/**
 * Resolves when it is the caller's turn: callers do their pieces of work one after the other, of at most some tens of milliseconds each,
 * and in one turn of the event loop only for `turnMs`, so that however many are at work, everything else waits for that and one piece at
 * most. Small pieces share a turn: when each had one of its own, two hundred callers of small answers kept every other answer for a second.
 */
export function ownTurn(): Promise<void> {
  line = line.then(async () => {
    if (performance.now() - begunMs < turnMs) return;
    await nextTurn();
    begunMs = performance.now();
  });
  return line;
}
