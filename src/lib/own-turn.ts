import { setImmediate as nextTurn } from 'node:timers/promises';

/** Pieces follow each other in one turn of the event loop for so long; then everything else comes first. */
const turnMs = 3;
/**
 * And then so many turns are everybody else's, who mostly get on by one step in each. Turns in which nobody else has anything to do take
 * microseconds.
 */
const turnsOfOthers = 4;

/**
 * For work that would follow on itself without giving anybody else a turn. What is returned is awaited before each piece, and resolves at once,
 * unless so many milliseconds of the event loop's turn are gone already: then `ofOthers` turns later.
 */
export function sharingTurns(ms: number, ofOthers = 1): () => Promise<void> {
  let sinceMs: number | undefined;
  return async () => {
    if (sinceMs !== undefined && performance.now() - sinceMs >= ms)
      for (let turn = 0; turn < ofOthers; turn += 1) await nextTurn();
    if (sinceMs !== undefined) return;
    sinceMs = performance.now();
    setImmediate(() => {
      sinceMs = undefined;
    });
  };
}

let line: Promise<void> = Promise.resolve();
const share = sharingTurns(turnMs, turnsOfOthers);

/**
 * Resolves when it is the caller's turn: callers do their pieces of work one after the other, of a few milliseconds each, and in one turn of
 * the event loop only for `turnMs`, so that however many are at work, everything else waits for that and one piece at most. Small pieces share
 * a turn: when each had one of its own, two hundred callers of small answers kept every other answer for a second.
 */
export function ownTurn(): Promise<void> {
  line = line.then(share);
  return line;
}

/**
 * For a long piece of work that is done in small ones: what is returned is awaited before each of them with its size, and resolves when it is
 * the caller's turn, which is asked for once the pieces before have reached `size` together.
 */
export function inPieces(size: number): (units: number) => Promise<void> | undefined {
  let done = 0;
  return (units) => {
    done += units;
    if (done < size) return undefined;
    done = 0;
    return ownTurn();
  };
}
