import { inPieces } from '../lib/own-turn.ts';
import type { Rendered } from '../redaction/render.ts';
import { Aliases } from './aliases.ts';
import type { Leaf } from './leaves.ts';
import { bestThreshold, type Pair, separatesFully, separation } from './separation.ts';
import { typeOf } from './summarise.ts';
import type { Row, Table } from './table.ts';

/** Values and types told of one side of one path. */
const maxValues = 5;
/** A path that separates no better than this is no better than chance. */
const minScore = 0.1;
/** A number that grows with every hit is a clock or a counter; among fewer hits it may be chance. */
const minGrowing = 6;
/** Names told of paths that are only counted. */
const maxExamples = 5;
/** Cells looked at before others get their turn. */
const cellsPerTurn = 500;

/** What one group has at a path. */
export interface Side {
  /** How many hits have which type; `absent`: they have no such path; `unknown`: it was cut there. */
  types: Record<string, number>;
  /** The most frequent first. */
  values?: { value: Rendered; count: number }[];
  /** Different values that are not among `values`. */
  moreValues?: number;
  min?: number;
  max?: number;
}

/** A path whose values tell the groups apart. */
export interface Separator {
  path: string;
  /** Fully: nothing is on both sides. */
  separates: 'fully' | 'partly';
  /** The question that tells: which type, which value, or below or above `limit`. */
  by: 'type' | 'value' | 'range';
  limit?: number;
  /** 0 to 1, see `separation`. */
  score: number;
  a: Side;
  b: Side;
  /** Other paths to the same values: the program had one object at several places. */
  alsoAt?: string[];
}

/** What is not told path by path. */
export interface Counted {
  /** Paths in all. */
  paths: number;
  /** The same in every hit of both groups. */
  identical: number;
  /** They differ, but tell no more than chance would. */
  alike: number;
  /** Another value in every hit, as an id. */
  alwaysDifferent: number;
  /** They grow with every hit, as a clock or a counter. */
  growing: number;
  /** Inside something that is told already to be on one side only. */
  implied: number;
  /** Hidden, with tags or markers that cannot be compared. */
  hidden: number;
  /** Cut in every hit of a group. */
  cut: number;
  /** Part of the question. */
  asked: number;
  /** Names of some of `alwaysDifferent`, `growing` and `hidden`. */
  examples: Partial<Record<'alwaysDifferent' | 'growing' | 'hidden', string[]>>;
}

export interface Comparison {
  separators: Separator[];
  counted: Counted;
}

interface Known {
  isA: boolean;
  row: Row;
  leaf: Leaf | undefined;
}

type Verdict = Separator | Exclude<keyof Counted, 'paths' | 'examples'>;

/**
 * Which paths tell the groups apart, best first: by score, then those that separate fully, then as they were met; what separates fully
 * only because nearly every hit has a value of its own has a low score. `groups` has the group of each row. Exact and the same every
 * time; takes time in proportion to hits × paths.
 */
export async function compare(
  table: Table,
  groups: readonly ('a' | 'b')[],
  asked: ReadonlySet<string> = new Set(),
): Promise<Comparison> {
  const none = { identical: 0, alike: 0, alwaysDifferent: 0, growing: 0, implied: 0, hidden: 0, cut: 0, asked: 0 };
  const counted: Counted = { paths: table.paths.size, ...none, examples: {} };
  const separators: Separator[] = [];
  /** Containers that are told, or implied, to be on one side rather than on the other. */
  const told = new Set<string>();
  const aliases = new Aliases(table, asked);
  const turn = inPieces(cellsPerTurn);
  for (const [path, parent] of table.paths) {
    await turn(table.rows.length);
    const verdict = aliases.isAsked(path) ? 'asked' : judge(table, groups, path, parent !== undefined && told.has(parent));
    if (typeof verdict === 'object') {
      separators.push(verdict);
      if (verdict.by === 'type') told.add(path);
      continue;
    }
    counted[verdict] += 1;
    if (verdict === 'implied' || verdict === 'asked') told.add(path);
    if (verdict !== 'alwaysDifferent' && verdict !== 'growing' && verdict !== 'hidden') continue;
    const examples = counted.examples[verdict] ?? [];
    if (examples.length < maxExamples) counted.examples[verdict] = [...examples, path];
  }
  const rank = ({ separates }: Separator) => (separates === 'fully' ? 0 : 1);
  separators.sort((left, right) => right.score - left.score || rank(left) - rank(right));
  const once = await eachOnce(separators, aliases, () => turn(table.rows.length));
  return { separators: once, counted };
}

/** One of several that are the same by other names: the shortest, with some of the others. */
async function eachOnce(
  separators: readonly Separator[],
  aliases: Aliases,
  turn: () => Promise<void> | undefined,
): Promise<Separator[]> {
  const byPlace = new Map<string, Separator>();
  for (const separator of separators) {
    await turn();
    const key = aliases.key(separator.path);
    const same = byPlace.get(key);
    if (same === undefined) {
      byPlace.set(key, separator);
      continue;
    }
    const [path, other] = separator.path.length < same.path.length ? [separator.path, same.path] : [same.path, separator.path];
    byPlace.set(key, { ...same, path, alsoAt: [other, ...(same.alsoAt ?? [])].slice(0, maxExamples) });
  }
  return [...byPlace.values()];
}

function judge(table: Table, groups: readonly ('a' | 'b')[], path: string, isParentTold: boolean): Verdict {
  const cells = table.rows.map((row, index) => ({ row, isA: groups[index] === 'a', cell: table.cell(row, path) }));
  const known: Known[] = cells.flatMap(({ row, isA, cell }) =>
    cell === 'unknown' ? [] : [{ row, isA, leaf: cell === 'absent' ? undefined : cell }],
  );
  if (known.every(({ isA }) => isA) || known.every(({ isA }) => !isA)) return 'cut';
  const isOpaque = hasOpaqueTags(known);
  const byType = pairsOf(known, ({ leaf }) => leaf?.type ?? 'absent');
  const byValue = pairsOf(known, ({ leaf }) =>
    isOpaque && leaf?.hidden !== undefined ? `hidden ${leaf.hidden.rules}` : (leaf?.key ?? 'absent'),
  );
  if (byValue.length === 1) return isOpaque ? 'hidden' : 'identical';
  const best = bestOf([
    { by: 'type', pairs: byType, score: separation(byType) },
    { by: 'value', pairs: byValue, score: separation(byValue) },
    ...rangeOf(known),
  ]);
  if (best.by === 'range' && isGrowing(known)) return 'growing';
  if (best.by === 'type' && isParentTold && isImplied(table, path, known)) return 'implied';
  // One hit against one: whatever differs, differs fully, and nothing can be said of chance.
  const isSingle = table.rows.length === 2;
  const score = isSingle ? 1 : Math.round(best.score * (known.length / cells.length) * 1_000) / 1_000;
  if (score < minScore) {
    if (byValue.length === known.length && byType.length === 1) return 'alwaysDifferent';
    return isOpaque ? 'hidden' : 'alike';
  }
  return {
    path,
    separates: separatesFully(best.pairs) && known.length === cells.length ? 'fully' : 'partly',
    by: best.by,
    ...(best.limit === undefined ? {} : { limit: best.limit }),
    score,
    a: sideOf(cells, true),
    b: sideOf(cells, false),
  };
}

interface Question {
  by: Separator['by'];
  pairs: readonly Pair[];
  score: number;
  limit?: number;
}

/** The first of the best; one with a single answer asks nothing. */
function bestOf(questions: Question[]): Question {
  const open = questions.filter(({ pairs }) => pairs.length > 1);
  return open.reduce((left, right) => (right.score > left.score + 1e-9 ? right : left));
}

/** Markers without a tag, and tags of different keys, say only that something is hidden. */
function hasOpaqueTags(known: Known[]): boolean {
  const tags = known.flatMap(({ leaf }) => (leaf?.hidden === undefined ? [] : [leaf.hidden.tags]));
  return tags.length > 0 && (tags.includes(undefined) || new Set(tags).size > 1);
}

function pairsOf(known: Known[], keyOf: (one: Known) => string): Pair[] {
  const pairs = new Map<string, [number, number]>();
  for (const one of known) {
    const key = keyOf(one);
    const pair = pairs.get(key) ?? [0, 0];
    pair[one.isA ? 0 : 1] += 1;
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

/** Where all that is known are numbers. */
function rangeOf(known: Known[]): Question[] {
  const numbers = known.flatMap(({ leaf, isA }) => (leaf?.number === undefined ? [] : [{ number: leaf.number, isA }]));
  const threshold = numbers.length === known.length ? bestThreshold(numbers) : undefined;
  return threshold === undefined ? [] : [{ by: 'range', ...threshold }];
}

/** Strictly up or down from hit to hit, in the order of time. */
function isGrowing(known: Known[]): boolean {
  if (known.length < minGrowing) return false;
  const inTime = [...known].sort((left, right) => compareText(left.row.viewed.hit.capturedAt, right.row.viewed.hit.capturedAt));
  const numbers = inTime.map(({ leaf }) => leaf?.number ?? 0);
  const steps = numbers.slice(1).map((number, index) => number - (numbers[index] ?? 0));
  return steps.every((step) => step > 0) || steps.every((step) => step < 0);
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** A member that is there whenever its container is says nothing that the container has not said. */
function isImplied(table: Table, path: string, known: Known[]): boolean {
  const parent = table.paths.get(path) ?? '';
  const types = new Set(known.flatMap(({ leaf }) => (leaf === undefined ? [] : [leaf.type])));
  return (
    types.size === 1 &&
    known.every(({ row, leaf }) => {
      const container = table.cell(row, parent);
      return (leaf !== undefined) === (typeof container === 'object' && container.shown === undefined);
    })
  );
}

function sideOf(cells: { isA: boolean; cell: ReturnType<Table['cell']> }[], isA: boolean): Side {
  const types: Record<string, number> = {};
  const distinct = new Map<string, { value: Rendered; count: number }>();
  const numbers: number[] = [];
  for (const { cell, isA: isOwn } of cells) {
    if (isOwn !== isA) continue;
    types[typeOf(cell)] = (types[typeOf(cell)] ?? 0) + 1;
    if (typeof cell === 'string' || cell.shown === undefined) continue;
    const same = distinct.get(cell.key);
    if (same === undefined) distinct.set(cell.key, { value: cell.shown, count: 1 });
    else same.count += 1;
    if (cell.number !== undefined) numbers.push(cell.number);
  }
  const values = [...distinct.values()].sort((left, right) => right.count - left.count).slice(0, maxValues);
  return {
    types,
    ...(values.length === 0 ? {} : { values }),
    ...(distinct.size > values.length ? { moreValues: distinct.size - values.length } : {}),
    ...(numbers.length === 0 ? {} : { min: Math.min(...numbers), max: Math.max(...numbers) }),
  };
}
