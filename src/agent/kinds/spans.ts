import { soon } from '../later.ts';

/**
 * Pairs starts and ends of durations at breakpoints, where the program carries no token. A span that threw, still runs, was not seen
 * or cannot be told from another one has no end: nothing is paired wrongly. Times are of `monotonicMs`. None of it throws.
 */
export interface Spans {
  /** The function is entered, before its start. */
  enter(): void;
  /** Asks the time last, so that what is done here is no part of the span. */
  start(now: () => number): void;
  /** Milliseconds since the start that this activation passed; undefined when it did not, or nobody can say. */
  end(nowMs: number): number | undefined;
  /** The probe is taken away: what began cannot end any more. */
  clear(): void;
  close(): void;
}

/** Spans open at a time in one probe; those that begin beyond it are not measured. */
export const maxOpenSpans = 1_000;

/**
 * Spans of functions that run in one go, without a token: told apart by the depth of the stack (stack-depth.ts). What stands deeper than
 * a line that runs now is over. `enter` is needed for spans between lines when the first can be left out: without it, an end at the depth
 * of a start that threw in the same turn of the event loop would be taken for its own.
 */
export class SyncSpans implements Spans {
  readonly #depths: number[] = [];
  readonly #starts: number[] = [];
  #open = 0;
  #isClearing = false;
  readonly #depth: () => number | undefined;
  readonly #afterTurn: (run: () => void) => void;

  /** `depth` is of the stack below the line that runs now; undefined when it cannot be told. */
  constructor(depth: () => number | undefined, afterTurn: (run: () => void) => void = soon) {
    this.#depth = depth;
    this.#afterTurn = afterTurn;
  }

  enter(): void {
    const depth = this.#depth();
    if (depth !== undefined) this.#drop(depth);
  }

  start(now: () => number): void {
    const depth = this.#depth();
    if (depth === undefined) return;
    this.#drop(depth);
    if (this.#open === maxOpenSpans) return;
    this.#depths[this.#open] = depth;
    if (!this.#isClearing) {
      this.#isClearing = true;
      this.#afterTurn(() => {
        this.#isClearing = false;
        this.clear();
      });
    }
    this.#open += 1;
    this.#starts[this.#open - 1] = now();
  }

  end(nowMs: number): number | undefined {
    const depth = this.#depth();
    if (depth === undefined) return undefined;
    this.#drop(depth + 1);
    if (this.#open === 0 || this.#depths[this.#open - 1] !== depth) return undefined;
    this.#open -= 1;
    return nowMs - (this.#starts[this.#open] as number);
  }

  /** Also when the turn is over. */
  clear(): void {
    this.#open = 0;
  }

  close(): void {
    this.clear();
  }

  /** What was open so deep, or deeper, is over. */
  #drop(depth: number): void {
    while (this.#open > 0 && (this.#depths[this.#open - 1] as number) >= depth) this.#open -= 1;
  }
}
