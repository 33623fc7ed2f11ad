/** What the policy's own expressions may cost in one text, all together; 50 ordinary ones take a tenth of it. A thousand is 20 to 50 µs. */
const allowed = { each: 10_000, perChar: 400, perCharBeyond: 100 } as const;
/** From here on a text has less for each character, so that the longest does not hold up others either. */
const longChars = 16_384;
/** What beginning a search costs before it reads anything. */
const beginning = { test: 10, find: 60 } as const;
/** A search by instructions reads each character three times and may have all instructions at work on it. */
const readsPerChar = 3;
/** A search by states makes a new one for some characters only, out of all instructions. */
const charsPerState = 8;
/** Characters that a search for a literal passes in the time of one read, for each character of the literal. */
const charsPassed = 16;

/** Thrown through the engine when nothing is left; one for all, because a stack of calls costs more than what is refused. */
export const spent = new Error('The patterns have had all their work.');

/** The budget of one text: whatever runs over it takes from the same. Counted in steps and not in time, so that it ends where it ended before. */
export class PatternWork {
  #left: number;

  constructor(chars: number) {
    const long = Math.max(0, chars - longChars);
    this.#left = allowed.each + allowed.perChar * (chars - long) + allowed.perCharBeyond * long;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** Throws `spent` when there is less. */
  take(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw spent;
  }
}

/** A text that takes from the budget for each character read; the engine takes whatever says it is a String, and calls nothing else of it. */
export class CountedText extends String {
  readonly #text: string;
  readonly #work: PatternWork;
  readonly #perRead: number;
  readonly #perSearch: number;

  /** `test` asks whether there is a match at all; `find` looks for where it is. */
  constructor(text: string, work: PatternWork, size: number, purpose: keyof typeof beginning) {
    super(text);
    this.#text = text;
    this.#work = work;
    this.#perRead = purpose === 'test' ? 0.5 + size / charsPerState : 1 + size / readsPerChar;
    this.#perSearch = beginning[purpose] + (purpose === 'test' ? 0 : size);
  }

  /** To be called before each search. */
  begin(): void {
    this.#work.take(this.#perSearch);
  }

  override charCodeAt(index: number): number {
    this.#work.take(this.#perRead);
    return this.#text.charCodeAt(index);
  }

  override indexOf(literal: string, from = 0): number {
    const found = this.#text.indexOf(literal, from);
    const passed = (found < 0 ? this.#text.length : found) - from;
    this.#work.take((passed * literal.length) / charsPassed);
    return found;
  }
}
