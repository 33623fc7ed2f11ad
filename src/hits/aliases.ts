import type { Row, Table } from './table.ts';

/** Tells which paths lead to the same values, because the program had one object at several places. */
export class Aliases {
  readonly #table: Table;
  readonly #asked: ReadonlySet<string>;
  /** By row: where the values that are asked for really stand. */
  readonly #askedAt: readonly ReadonlySet<string>[];

  constructor(table: Table, asked: ReadonlySet<string>) {
    this.#table = table;
    this.#asked = asked;
    this.#askedAt = table.rows.map((row) => new Set([...asked].map((path) => this.#placeOf(row, path))));
  }

  /** Whether a path is asked for by this or by another name. */
  isAsked(path: string): boolean {
    if (this.#asked.has(path)) return true;
    if (this.#asked.size === 0) return false;
    let isMet = false;
    for (const [index, row] of this.#table.rows.entries()) {
      if (typeof this.#table.cell(row, path) === 'string') continue;
      if (this.#askedAt[index]?.has(this.#placeOf(row, path)) !== true) return false;
      isMet = true;
    }
    return isMet;
  }

  /** Equal for paths that have the same values at the same place in every hit. */
  key(path: string): string {
    return JSON.stringify(this.#table.rows.map((row) => this.#placeOf(row, path)));
  }

  /** Where the value at a path was shown first; of what is not there, the path itself says nothing. */
  #placeOf(row: Row, path: string): string {
    const cell = this.#table.cell(row, path);
    return typeof cell === 'string' ? ` ${cell}` : (cell.origin ?? path);
  }
}
