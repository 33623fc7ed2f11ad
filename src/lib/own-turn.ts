import { setImmediate as nextTurn } from 'node:timers/promises';

/** Pieces follow each other in one turn of the event loop for so long; then everything else comes first. */
const turnMs = 5;

/**
 * For work that would follow on itself without giving anybody else a turn. What is returned is awaited before each piece, and resolves at once,
 * unless so many milliseconds of the event loop's turn are gone already.
 */
export function sharingTurns(ms: number): () => Promise<void> {
  let sinceMs: number | undefined;
  return async () => {
    if (sinceMs !== undefined && performance.now() - sinceMs >= ms) await nextTurn();
    if (sinceMs !== undefined) return;
    sinceMs = performance.now();
    setImmediate(() => {
      sinceMs = undefined;
    });
  };
}

let line: Promise<void> = Promise.resolve();
const share = sharingTurns(turnMs);

/**
 * Resolves when it is the caller's turn: callers do their pieces of work one after the other, of at most some tens of milliseconds each,
 * and in one turn of the event loop only for `turnMs`, so that however many are at work, everything else waits for that and one piece at
 * most. Small pieces share a turn: when each had one of its own, two hundred callers of small answers kept every other answer for a second.
 */
export function ownTurn(): Promise<void> {
  line = line.then(share);
  return line;
}
