/** How often what happened, by `what:how`. */
export type Counts = Record<string, number>;

/** Counts, and keeps what should not have happened. */
export class Counted {
  readonly counts: Counts = {};
  /** The first of them, in words. */
  readonly amiss: string[] = [];

  note(what: string, how: string): void {
    const key = `${what}:${how}`;
    this.counts[key] = (this.counts[key] ?? 0) + 1;
  }

  /** Something that no load excuses. */
  noteAmiss(what: string, words: string): void {
    this.note(what, 'amiss');
    if (this.amiss.length < maxAmiss) this.amiss.push(`${what}: ${words.slice(0, 500)}`);
  }
}

const maxAmiss = 20;
