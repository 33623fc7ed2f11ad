import { createHash, type Hash } from 'node:crypto';

/** Lines shown of what came before a failure, unless all are asked for. */
const keptLines = 60;

/** What happened in a world, in order: the same seed gives the same. */
export class Chronicle {
  readonly #hash: Hash = createHash('sha256');
  readonly #isWhole: boolean;
  readonly #now: () => number;
  #lines: string[] = [];
  count = 0;

  constructor(now: () => number, isWhole: boolean) {
    this.#now = now;
    this.#isWhole = isWhole;
  }

  note(who: string, what: string): void {
    const line = `${(this.#now() / 1_000).toFixed(3)} ${who}: ${what}`;
    this.count += 1;
    this.#hash.update(line);
    this.#lines.push(line.slice(0, 600));
    if (!this.#isWhole && this.#lines.length > 2 * keptLines) this.#lines = this.#lines.slice(-keptLines);
  }

  get lines(): string[] {
    return this.#isWhole ? this.#lines : this.#lines.slice(-keptLines);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
