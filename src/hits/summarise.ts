import { inPieces } from '../lib/own-turn.ts';
import type { Rendered } from '../redaction/render.ts';
import { short } from './leaves.ts';
import type { Cell, Table } from './table.ts';

/** Different values told of one path, and how many when each came once: then they are only examples. */
const maxValues = 5;
const maxExamples = 3;

/** Paths that differ only in keys are told as one from that many on, if not every hit has them. */
const minFolded = 4;
/** Cells looked at before others get their turn. */
const cellsPerTurn = 1_000;

/** A value and how many hits have it; `hit` is the number of the first. */
interface Counted<Value> {
  value: Value;
  count: number;
  hit: number;
}

/** What one path has over all hits. One that is the same in all of them has only `value`. */
export interface PathSummary {
  path: string;
  value?: Rendered;
  /** How many hits have which type there. `absent`: no such path; `unknown`: it was cut there. */
  types?: Record<string, number>;
  /** The most frequent first. */
  values?: Counted<Rendered>[];
  /** Different values that are not among `values`. */
  moreValues?: number;
  min?: number;
  max?: number;
  /** Of a path with `[*]`: how many paths it stands for, and some of them. Then values are counted over all of them. */
  paths?: number;
  examples?: string[];
}

/** What many hits have in common and where they differ. */
export interface Summary {
  hits: number;
  firstHit: number;
  lastHit: number;
  firstAt: string;
  lastAt: string;
  /** Paths that are not the same in all hits, and paths that are. */
  varying: number;
  constant: number;
  /** Of a logpoint: its lines, the most frequent first. */
  messages?: Counted<Rendered>[];
  moreMessages?: number;
}

/** What all hits of a table say together, and each path's part of it: those that vary first, in the order they were met. */
export async function summarise(table: Table): Promise<{ summary: Summary; paths: PathSummary[] }> {
  const turn = inPieces(cellsPerTurn);
  const all: PathSummary[] = [];
  for (const column of columnsOf(table)) {
    await turn(table.rows.length);
    const told = await describe(table, column, turn);
    if (told !== undefined) all.push(told);
  }
  const varying = all.filter(({ types }) => types !== undefined);
  const constant = all.filter(({ types }) => types === undefined);
  const first = table.rows[0]?.viewed.hit;
  const last = table.rows.at(-1)?.viewed.hit;
  const summary: Summary = {
    hits: table.rows.length,
    firstHit: first?.number ?? 0,
    lastHit: last?.number ?? 0,
    firstAt: first?.capturedAt ?? '',
    lastAt: last?.capturedAt ?? '',
    varying: varying.length,
    constant: constant.length,
    ...messagesOf(table),
  };
  return { summary, paths: [...varying, ...constant] };
}

/** What is told as one: a path, or several that differ only in keys which come and go. */
interface Column {
  name: string;
  paths: string[];
}

function columnsOf(table: Table): Column[] {
  const isMoving = (path: string) => !table.rows.every(({ byPath }) => byPath.has(path));
  const moving = new Map<string, string[]>();
  for (const [path, folded] of table.folded) {
    if (!isMoving(path)) continue;
    const alike = moving.get(folded);
    if (alike === undefined) moving.set(folded, [path]);
    else alike.push(path);
  }
  const told = new Set<string>();
  return [...table.paths.keys()].flatMap((path): Column[] => {
    const folded = table.folded.get(path);
    const paths = folded === undefined ? undefined : moving.get(folded);
    if (folded === undefined || paths === undefined || paths.length < minFolded || !isMoving(path))
      return [{ name: path, paths: [path] }];
    if (told.has(folded)) return [];
    told.add(folded);
    return [{ name: folded, paths }];
  });
}

async function describe(
  table: Table,
  { name: path, paths }: Column,
  turn: ReturnType<typeof inPieces>,
): Promise<PathSummary | undefined> {
  const isOne = paths.length === 1;
  const types: Record<string, number> = {};
  const distinct = new Map<string, Counted<Rendered>>();
  const numbers: number[] = [];
  for (const row of table.rows) {
    if (!isOne) await turn(paths.length);
    for (const each of paths) {
      // That a hit lacks one of many keys says nothing.
      if (!isOne && !row.byPath.has(each)) continue;
      const cell = table.cell(row, each);
      const type = typeOf(cell);
      types[type] = (types[type] ?? 0) + 1;
      if (typeof cell === 'string' || cell.shown === undefined) continue;
      count(distinct, cell.key, cell.shown, row.viewed.hit.number);
      if (cell.number !== undefined) numbers.push(cell.number);
    }
  }
  const [only] = distinct.values();
  if (Object.keys(types).length === 1 && distinct.size <= 1) {
    if (only !== undefined) return { path, value: only.value, ...(isOne ? {} : foldedOf(paths)) };
    // A container that is always there says nothing that its members do not say.
    return types.unknown === undefined ? undefined : { path, types, ...(isOne ? {} : foldedOf(paths)) };
  }
  const told = top(distinct);
  return {
    path,
    types,
    ...(told.length === 0 ? {} : { values: told }),
    ...(distinct.size > told.length ? { moreValues: distinct.size - told.length } : {}),
    ...(numbers.length === 0 ? {} : { min: Math.min(...numbers), max: Math.max(...numbers) }),
    ...(isOne ? {} : foldedOf(paths)),
  };
}

const foldedOf = (paths: string[]) => ({ paths: paths.length, examples: paths.slice(0, maxExamples) });

/** The type of a cell as it is counted. */
export const typeOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.type);

function messagesOf({ rows }: Table): Pick<Summary, 'messages' | 'moreMessages'> {
  const distinct = new Map<string, Counted<Rendered>>();
  for (const { viewed } of rows) {
    if (viewed.line !== undefined) count(distinct, viewed.line.message, short(viewed.line.message), viewed.hit.number);
  }
  const told = top(distinct);
  return {
    ...(told.length === 0 ? {} : { messages: told }),
    ...(distinct.size > told.length ? { moreMessages: distinct.size - told.length } : {}),
  };
}

function count<Value>(distinct: Map<string, Counted<Value>>, key: string, value: Value, hit: number): void {
  const same = distinct.get(key);
  if (same === undefined) distinct.set(key, { value, count: 1, hit });
  else same.count += 1;
}

function top<Value>(distinct: Map<string, Counted<Value>>): Counted<Value>[] {
  const sorted = [...distinct.values()].sort((left, right) => right.count - left.count || left.hit - right.hit);
  return sorted.slice(0, (sorted[0]?.count ?? 0) > 1 ? maxValues : maxExamples);
}
