import { ownTurn } from '../lib/own-turn.ts';

/** Work in pieces of at most some milliseconds: each `yield` is a place where it may be left for a while. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Does all of it now. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Each piece in a turn of its own, so that everything else of this process goes on. The first one waits, too: what many begin at once would
 * else be one long turn.
 */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    await ownTurn();
    const step = steps.next();
    if (step.done) return step.value;
  }
}
