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

/** Lets everything else of this process have its turn between two pieces. */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await ownTurn();
  }
}
