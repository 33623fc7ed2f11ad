import { hasOwn, KeptMap, setPrototypeOf } from '../intrinsics.ts';
import type { NamesAtPass, Thunk } from '../values/condition.ts';

/** What reading a name in its dead zone throws elsewhere. */
const tooEarly = { message: 'Cannot access it before initialization' };

/**
 * In Node 22 and 24 a condition that reads an exported binding in its dead zone gets V8's own mark of an empty place instead of an error.
 * Whatever is done with that mark crashes the process, except this: an array with holes takes it for one of them. Without a prototype:
 * a program may have put setters on it.
 */
const holes: unknown[] = new Array(1);
setPrototypeOf(holes, null);

/** Names that a breakpoint's condition reads when they are asked for. */
export class ThunksAtPass implements NamesAtPass {
  readonly positions: Map<string, number>;
  readonly early: Map<string, true>;
  readonly #thunks: readonly Thunk[];

  constructor(positions: Map<string, number>, early: Map<string, true>, thunks: readonly Thunk[]) {
    this.positions = positions;
    this.early = early;
    this.#thunks = thunks;
  }

  /** Throws what V8 throws for a name that it has not, or not yet. */
  read(position: number): unknown {
    holes[0] = (this.#thunks[position] as Thunk)();
    if (!hasOwn(holes, 0)) throw tooEarly;
    const value = holes[0];
    holes[0] = undefined;
    return value;
  }
}

/** Names whose values inserted code has handed over. */
export class ValuesAtPass implements NamesAtPass {
  readonly positions: Map<string, number>;
  readonly early: Map<string, true>;
  /** Empty when one of the names was in its dead zone, so that none could be read. */
  values: readonly unknown[] = [];

  constructor(names: readonly string[], early: ReadonlySet<string>) {
    this.positions = new KeptMap(names.map((name, index) => [name, index]));
    this.early = new KeptMap([...early].map((name) => [name, true]));
  }

  read(position: number): unknown {
    if (position >= this.values.length) throw undefined;
    return this.values[position];
  }
}
