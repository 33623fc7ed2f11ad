import type { ViewedHit } from '../redaction/view.ts';
import { type Leaf, leavesOf } from './leaves.ts';
import { isShort } from './path.ts';

/** Different paths of one table; what an agent of ours captures at one line stays far below. */
const maxPaths = 10_000;

/** What a hit has at a path. `unknown`: it was cut there, so it may or may not have it. */
export type Cell = Leaf | 'absent' | 'unknown';

/** One hit in a table. */
export interface Row {
  viewed: ViewedHit;
  byPath: ReadonlyMap<string, Leaf>;
  /** A ceiling was met that can leave out whole variables. */
  isShort: boolean;
  /** Not all of its paths were looked at. */
  isCut: boolean;
}

/** Hits as rows and their paths as columns, in the order in which they were met. */
export class Table {
  readonly rows: Row[] = [];
  /** Path → the path of what it stands in. */
  readonly paths = new Map<string, string | undefined>();
  /** Path → the same with `[*]` for keys that are data, where it has some. */
  readonly folded = new Map<string, string>();
  /** Some paths are not in it, because there are too many, or because they are too long. */
  isCut = false;

  /** Adds a hit. */
  add(viewed: ViewedHit): void {
    const { byPath, isCut } = leavesOf(viewed);
    this.isCut ||= isCut;
    for (const [path, { parent, folded }] of byPath) {
      if (this.paths.has(path)) continue;
      if (this.paths.size < maxPaths) {
        this.paths.set(path, parent);
        if (folded !== undefined) this.folded.set(path, folded);
      } else this.isCut = true;
    }
    this.rows.push({ viewed, byPath, isShort: isShort(viewed.hit.cut), isCut });
  }

  /** What a row has at a path. */
  cell({ byPath, isShort: isRowShort, isCut }: Row, path: string): Cell {
    const leaf = byPath.get(path);
    if (leaf !== undefined) return leaf.type === 'unknown' ? 'unknown' : leaf;
    if (isCut) return 'unknown';
    for (let above = this.paths.get(path); above !== undefined; above = this.paths.get(above)) {
      const container = byPath.get(above);
      if (container !== undefined) return container.isPartial || container.type === 'unknown' ? 'unknown' : 'absent';
    }
    return isRowShort ? 'unknown' : 'absent';
  }
}
