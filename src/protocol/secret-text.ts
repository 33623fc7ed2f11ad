import { type CharacterSet, characterSet, isIn } from './characters.ts';

/** A set with the end of its run that was asked for last, so that no run is walked twice. */
export interface Runs {
  set: CharacterSet;
  /** The number of the text: the text itself would be kept alive. */
  text: number;
  end: number;
}

export const runsOf = (set: CharacterSet): Runs => ({ set, text: 0, end: 0 });

let texts = 0;

const strong = characterSet('0-9A-Z');

/** A text that is searched, from its beginning to its end. */
export class SecretText {
  readonly text: string;
  /** Where the search ends, which may be before the end of the text. */
  readonly to: number;
  /** The text goes on behind that, or was cut there: what reaches it may be the beginning of a secret. */
  readonly isOpen: boolean;
  /** The last run of letters, digits, `_` and `-` before the place of the search. */
  nameStart = 0;
  nameEnd = 0;
  /** Where the run before it began, when a single blank stands between them, or -1. */
  firstStart = -1;
  /** Stretches that were judged, and need not be again. */
  urlTo = 0;
  valueTo = 0;
  listTo = 0;
  /** The end of the line that was asked for last. */
  lineTo = -1;
  readonly #number: number;
  #strongAt = -1;

  constructor(text: string, to: number, isOpen: boolean) {
    this.text = text;
    this.to = to;
    this.isOpen = isOpen;
    texts += 1;
    this.#number = texts;
  }

  /** Tells of the name before the place of the search. */
  name(start: number, end: number, firstStart: number): void {
    this.nameStart = start;
    this.nameEnd = end;
    this.firstStart = firstStart;
  }

  /** First index from `at` on whose character is not in the set. */
  endOf(at: number, runs: Runs): number {
    if (runs.text !== this.#number || at >= runs.end) {
      runs.text = this.#number;
      let end = at;
      while (end < this.to && isIn(this.text, end, runs.set)) end += 1;
      runs.end = end;
    }
    return runs.end;
  }

  /** Whether a digit or capital stands there: without one it is a name rather than a token. */
  isStrong(from: number, to: number): boolean {
    if (this.#strongAt < from) {
      this.#strongAt = from;
      while (this.#strongAt < this.to && !isIn(this.text, this.#strongAt, strong)) this.#strongAt += 1;
    }
    return this.#strongAt < to;
  }

  /** Whether something that ends there may go on. */
  mayGoOn(end: number): boolean {
    return this.isOpen && end === this.to;
  }
}
