import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { defineProperty, deleteProperty, hasOwn, KeptMap, mapGet, setPrototypeOf } from '../language.ts';
import type { Stop } from '../source/reader.ts';
import type { GeneratedPlace, ScriptInfo } from '../source/spot.ts';
import { Columns, lowest } from './columns.ts';
import { cellName, type LoadedSite, type Rewritten } from './rewrite.ts';

/**
 * Called by the program at each pass through an armed statement, with the values of its names, or none when one of them was in its dead
 * zone. What it gives is the `token` of the next call by the same activation of the function; at the first one it is undefined.
 */
export type LoadTimeHandler = (token: unknown, values: readonly unknown[]) => unknown;

/** What the program calls: the number of the statement, negative at the ends of a function; the token and the values. */
export type Dispatcher = (site: number, token: unknown, ...values: unknown[]) => unknown;

export interface LoadTimeArmed {
  /** Names of the values, in their order. */
  names: readonly string[];
  /** The function that the program calls, for stacks that begin below it. */
  dispatcher: Dispatcher;
}

const { isExtensible, set } = Reflect;

interface Cell {
  name: string;
  /** The number of the function's first statement. */
  first: number;
  /** The first is that of the whole function; then one for each statement. */
  handlers: (LoadTimeHandler | undefined)[];
  armed: number;
  dispatcher: Dispatcher;
  /** The dispatcher as the program asks it before a call: 1 at each statement that is armed, else 0. */
  asked: { [statement: number]: 0 | 1 };
}

/** One file with calls in it; kept for as long as the process lives, so it is kept small. */
export class LoadedFile {
  readonly info: ScriptInfo;
  readonly #mark: string;
  /** The text, and behind it a line for each different list of names. */
  readonly #packed: Uint8Array;
  readonly #chars: number;
  #unpacked: WeakRef<{ text: string }> | undefined;
  readonly #sites: Places;
  readonly #spans: Places;
  readonly #bareBodies: Uint32Array;
  readonly #editAts: Uint32Array;
  readonly #editLengths: Uint32Array;
  readonly #cells = new KeptMap<number, Cell>();
  #columns: Columns | undefined;

  constructor(info: ScriptInfo, mark: string, source: string, { sites, spans, edits, bareBodies }: Rewritten) {
    this.info = info;
    this.#mark = mark;
    const lists = new Map<string, number>();
    this.#sites = placesOf(sites, lists);
    this.#spans = placesOf(spans, lists);
    this.#bareBodies = Uint32Array.from(bareBodies);
    // A copy, as zlib gives a piece of a larger buffer.
    this.#packed = new Uint8Array(deflateRawSync(`${source}${[...lists.keys()].join('\n')}`, { level: 1 }));
    this.#chars = source.length;
    this.#editAts = Uint32Array.from(edits, ({ at }) => at);
    this.#editLengths = Uint32Array.from(edits, ({ text }) => text.length);
  }

  /** As it was before it was instrumented. */
  text(): string {
    return this.#unpack().slice(0, this.#chars);
  }

  #unpack(): string {
    const known = this.#unpacked?.deref();
    if (known !== undefined) return known.text;
    const text = inflateRawSync(this.#packed).toString();
    this.#unpacked = new WeakRef({ text });
    return text;
  }

  get columns(): Columns {
    this.#columns ??= new Columns(this.text(), this.#editAts, this.#editLengths);
    return this.#columns;
  }

  /** Statements, and where code begins that has none, from one place up to another, which is not included. */
  stops(from: GeneratedPlace, to: GeneratedPlace): Stop[] {
    const { columns } = this;
    const [start, end] = [columns.offsetOf(from), columns.offsetOf(to)];
    const found: number[] = [];
    for (const offsets of [this.#sites.offsets, this.#bareBodies])
      for (let index = lowest(offsets, start); (offsets[index] ?? end) < end; index += 1) found.push(offsets[index] as number);
    return found.sort((one, other) => one - other).map((offset) => ({ ...columns.placeOf(offset), isReturn: false }));
  }

  /** Whether a text is this file's with calls in it. */
  isIn(text: string): boolean {
    return text.includes(this.#mark);
  }

  /** Names handed over before the statement at an offset; undefined when none begins there. */
  namesAt(offset: number): readonly string[] | undefined {
    const found = indexOf(this.#sites, offset);
    return found === undefined ? undefined : this.#namesOf(this.#sites, found);
  }

  hasSpan(offset: number): boolean {
    return indexOf(this.#spans, offset) !== undefined;
  }

  /** Undefined when no statement, or no body of a function, begins at this offset, or the program has frozen its globals. */
  arm(isSpan: boolean, offset: number, handler: LoadTimeHandler): LoadTimeArmed | undefined {
    const places = isSpan ? this.#spans : this.#sites;
    const found = indexOf(places, offset);
    if (found === undefined) return undefined;
    const index = places.cells[found] as number;
    const cell = this.#cells.get(index) ?? createCell(cellName(this.#mark, index), this.#sites.cells, index);
    if (cell.armed === 0 && !setCell(cell.name, cell.dispatcher)) return undefined;
    this.#cells.set(index, cell);
    const slot = isSpan ? 0 : found - cell.first + 1;
    if (cell.handlers[slot] === undefined) cell.armed += 1;
    cell.handlers[slot] = handler;
    if (!isSpan) cell.asked[slot - 1] = 1;
    return { names: this.#namesOf(places, found), dispatcher: cell.dispatcher };
  }

  #namesOf({ names }: Places, index: number): readonly string[] {
    const list = this.#unpack().slice(this.#chars).split('\n')[names[index] as number] as string;
    return list === '' ? [] : list.split(',');
  }

  /** May be called in the middle of a pass. */
  disarm(isSpan: boolean, offset: number): void {
    const places = isSpan ? this.#spans : this.#sites;
    const found = indexOf(places, offset);
    if (found === undefined) return;
    const cell = mapGet(this.#cells, places.cells[found] as number);
    if (cell === undefined) return;
    const slot = isSpan ? 0 : found - cell.first + 1;
    if (cell.handlers[slot] === undefined) return;
    cell.handlers[slot] = undefined;
    if (!isSpan) cell.asked[slot - 1] = 0;
    cell.armed -= 1;
    if (cell.armed === 0) setCell(cell.name, 0);
  }
}

/** Statements or functions, by their offset. */
interface Places {
  offsets: Uint32Array;
  cells: Uint32Array;
  /** Index of the list of names; neighbours mostly have the same. */
  names: Uint32Array;
}

function placesOf(sites: readonly LoadedSite[], lists: Map<string, number>): Places {
  return {
    offsets: Uint32Array.from(sites, ({ offset }) => offset),
    cells: Uint32Array.from(sites, ({ cell }) => cell),
    names: Uint32Array.from(sites, ({ names }) => {
      const list = names.join();
      const index = lists.get(list) ?? lists.size;
      lists.set(list, index);
      return index;
    }),
  };
}

function indexOf({ offsets }: Places, offset: number): number | undefined {
  const index = lowest(offsets, offset);
  return offsets[index] === offset ? index : undefined;
}

/** Must be called before the rewritten text runs. Throws when the program allows no new globals. */
export function defineCells(mark: string, count: number): void {
  for (let cell = 0; cell < count; cell += 1) {
    const name = cellName(mark, cell);
    if (!hasOwn(globalThis, name)) Object.defineProperty(globalThis, name, cellWith(0));
  }
}

/** V8 folds a global that was never changed; so that it does so again, a changed one is made anew. */
function setCell(name: string, value: Dispatcher | 0): boolean {
  if (!isExtensible(globalThis)) return set(globalThis, name, value);
  return deleteProperty(globalThis, name) && defineProperty(globalThis, name, cellWith(value));
}

function cellWith(value: Dispatcher | 0): PropertyDescriptor {
  return { __proto__: null, value, writable: true, configurable: true } as PropertyDescriptor;
}

/** Hot code. A handler that throws gives its token unchanged. */
function createCell(name: string, cells: Uint32Array, index: number): Cell {
  const first = cells.indexOf(index);
  const statements = cells.lastIndexOf(index) - first + 1;
  const handlers = new Array<LoadTimeHandler | undefined>(statements + 1).fill(undefined);
  const dispatcher: Dispatcher = (site, token, ...values) => {
    const handler = handlers[site < 0 ? 0 : site - first + 1];
    if (handler === undefined) return token;
    try {
      return handler(token, values);
    } catch {
      return token;
    }
  };
  const asked = dispatcher as unknown as Cell['asked'];
  // Without a prototype, whose accessors would be asked.
  setPrototypeOf(dispatcher, null);
  for (let statement = 0; statement < statements; statement += 1) asked[statement] = 0;
  return { name, first, handlers, armed: 0, dispatcher, asked };
}
