import { analyse } from './statements.ts';

/** A place that fits a query. Line and column count from 1. */
export interface Match {
  line: number;
  column: number;
  /** 0–1: 1 is an exact and complete match. */
  score: number;
  /** The function around it, or that it is. */
  function?: string;
}

/** Places given of one file. */
const maxMatches = 20;
const word = /[\w$#\u00a0-\uffff]/;

/**
 * Functions of that name: `charge`, `Cart.total`. The text may be TypeScript, which is searched by the look of its lines. The best first.
 */
export function findFunction(text: string, name: string): Match[] {
  const asked = name.trim().replace(/\(\)$/, '').replace('.prototype.', '.');
  const own = asked.slice(asked.lastIndexOf('.') + 1);
  if (own === '' || !text.toLowerCase().includes(own.toLowerCase())) return [];
  const functions = analyse(text).functions();
  const found =
    functions.length > 0 ? functions.map((one) => ({ ...one, name: fullName(text, one.name, one.offset) })) : byLook(text, own);
  const lineOf = lines(text);
  return found
    .map(({ name, offset }) => ({ ...lineOf(offset), score: likeness(name, asked), function: name }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .slice(0, maxMatches);
}

function likeness(name: string, asked: string): number {
  if (name === asked) return 1;
  const own = name.slice(name.lastIndexOf('.') + 1);
  const isQualified = asked.includes('.');
  if (!isQualified && own.replace(/^(?:[gs]et |#)/, '') === asked) return 0.9;
  if (isQualified && own === name && asked.endsWith(`.${own}`)) return 0.6;
  if (name.toLowerCase() === asked.toLowerCase()) return 0.5;
  return !isQualified && own.toLowerCase() === asked.toLowerCase() ? 0.4 : 0;
}

/** With what it is a member of, for `Cart.prototype.total = function …`. */
function fullName(text: string, name: string, offset: number): string {
  if (name === '' || name.includes('.')) return name;
  const before = /([\w$]+)\.(?:prototype\.)?([\w$]+)\s*=\s*$/.exec(text.slice(Math.max(0, offset - 200), offset));
  return before?.[2] === name && !/^(?:module|exports|this)$/.test(before[1] as string) ? `${before[1]}.${name}` : name;
}

/** Where a function of that name seems to be declared, whatever the case of its letters. */
function byLook(text: string, own: string): { name: string; offset: number }[] {
  const quoted = own.replace(/[^\w\u00a0-\uffff]/g, '\\$&');
  const words = '(?:(?:public|private|protected|static|async|override|abstract|export|default|declare|get|set)\\s+)*';
  const types = '(?:<[^>(){}]*>)?';
  const looks = [
    `\\bfunction\\s*\\*?\\s*(${quoted})\\s*${types}\\(`,
    `(?<![\\w$.])(${quoted})\\s*[?!]?(?::[^=;{}]{1,200})?\\s*[=:]\\s*(?:async\\s*)?(?:function\\b|${types}\\([^;{}]{0,500}\\)[^;{}=]{0,200}=>|[\\w$]+\\s*=>)`,
    `^[ \\t]*${words}\\*?[ \\t]*(${quoted})\\s*${types}\\([^;{}]{0,500}\\)\\s*(?::[^;=]{1,200})?\\{`,
  ];
  const classes = [...text.matchAll(/^([ \t]*)(?:(?:export|default|abstract|declare)\s+)*class\s+([\w$]+)/gm)];
  const found = new Map<number, { name: string; offset: number }>();
  for (const [kind, look] of looks.entries())
    for (const match of text.matchAll(new RegExp(look, 'gimd'))) {
      const [from, to] = (match as unknown as { indices: [number, number][] }).indices[1] as [number, number];
      const lineStart = text.lastIndexOf('\n', from - 1) + 1;
      const before = text.slice(lineStart, from);
      if (/^\s*(?:\/\/|\*)/.test(before) || /\b(?:return|new|await|if|for|while|switch)\s*$/.test(before)) continue;
      const indent = /^[ \t]*/.exec(before)?.[0].length ?? 0;
      const home = kind === 0 ? undefined : classes.findLast((one) => one.index < from && (one[1] as string).length < indent);
      const name = text.slice(from, to);
      found.set(from, { name: home === undefined ? name : `${home[2]}.${name}`, offset: from });
    }
  return [...found.values()].sort((one, other) => one.offset - other.offset);
}

/** Places of some source, of one line or several, however it is spaced. The best first. */
export function findSnippet(text: string, snippet: string): Match[] {
  const asked = snippet.trim();
  if (asked === '') return [];
  const found = exactly(text, asked) ?? compactly(text, asked, /\s/, 0.95) ?? compactly(text, asked, /[\s;,'"`]/, 0.85);
  const places = found ?? byLines(text, asked);
  if (places.length === 0) return [];
  const lineOf = lines(text);
  const functions = analyse(text).functions();
  return places
    .sort((one, other) => other.score - one.score || one.offset - other.offset)
    .slice(0, maxMatches)
    .map(({ offset, score }) => {
      const name = functions.findLast((one) => one.offset <= offset && offset < one.end)?.name;
      return { ...lineOf(offset), score, ...(name === undefined || name === '' ? {} : { function: name }) };
    });
}

interface Scored {
  offset: number;
  score: number;
}

function exactly(text: string, asked: string): Scored[] | undefined {
  const found: Scored[] = [];
  for (let at = text.indexOf(asked); at >= 0 && found.length < maxMatches * 5; at = text.indexOf(asked, at + asked.length))
    found.push({ offset: at, score: isWhole(text, at, at + asked.length) ? 1 : 0.7 });
  return found.length === 0 ? undefined : found;
}

/** Whether no word is cut at either end. */
function isWhole(text: string, from: number, to: number): boolean {
  const cuts = (at: number): boolean => word.test(text[at - 1] ?? '') && word.test(text[at] ?? '');
  return !cuts(from) && !cuts(to);
}

/** Both without some characters. */
function compactly(text: string, asked: string, left: RegExp, score: number): Scored[] | undefined {
  const kept = [...asked].filter((one) => !left.test(one)).join('');
  if (kept.length < 3) return undefined;
  const offsets = new Uint32Array(text.length);
  const pieces: string[] = [];
  let length = 0;
  for (const { 0: piece, index } of text.matchAll(new RegExp(`[^${left.source.replace(/^\[|\]$/g, '')}]+`, 'g'))) {
    for (let at = 0; at < piece.length; at += 1) offsets[length + at] = index + at;
    length += piece.length;
    pieces.push(piece);
  }
  const compact = pieces.join('');
  const found: Scored[] = [];
  for (let at = compact.indexOf(kept); at >= 0 && found.length < maxMatches * 5; at = compact.indexOf(kept, at + kept.length)) {
    const from = offsets[at] as number;
    const isCut = !isWhole(text, from, (offsets[at + kept.length - 1] as number) + 1);
    found.push({ offset: from, score: isCut ? score - 0.25 : score });
  }
  return found.length === 0 ? undefined : found;
}

/** Where at least half of several lines stand one behind the other. */
function byLines(text: string, asked: string): Scored[] {
  const wanted = asked
    .split('\n')
    .map(bare)
    .filter((line) => line !== '');
  if (wanted.length < 2) return [];
  const all = text.split('\n');
  const found: Scored[] = [];
  let offset = 0;
  for (const [index, line] of all.entries()) {
    if (bare(line) === wanted[0]) {
      const share = inOrder(wanted, all, index, 1) / wanted.length;
      if (share >= 0.5) found.push({ offset: offset + line.search(/\S/), score: Math.round(80 * share) / 100 });
    }
    offset += line.length + 1;
  }
  return found;
}

/** How many of the wanted lines stand there in that order, from `start` on, with so many others between two of them at most. */
function inOrder(wanted: readonly string[], all: readonly string[], start: number, step: 1 | -1, maxOthers = 2): number {
  let at = start;
  let found = 0;
  for (const line of wanted) {
    let near = at;
    let others = 0;
    while (near >= 0 && near < all.length && others <= maxOthers && bare(all[near] as string) !== line) {
      if (bare(all[near] as string) !== '') others += 1;
      near += step;
    }
    if (near < 0 || near >= all.length || others > maxOthers) continue;
    found += 1;
    at = near + step;
  }
  return found;
}

const bare = (line: string): string => line.replace(/\s+/g, '');

/** Share of neighbours that a place needs, for the only one with the text, for the best of several, and without a text. */
const enough = { only: 0.25, best: 0.5, noText: 0.75 };
/** By how much the best one must be better than the next. */
const ahead = 0.25;
const maxCandidates = 5;

/**
 * Where a line stands now, judged by the lines around it: `before` ends right above it, `after` begins right below. Lines count
 * from 1. When no place is clearly the best one, all that come into question, the best first, at most 5.
 */
export function findMoved(
  all: readonly string[],
  expectLine: string,
  around: { before: readonly string[]; after: readonly string[] },
  near: number,
): { line: number } | { candidates: number[] } {
  const text = bare(expectLine);
  const before = around.before
    .map(bare)
    .filter((line) => line !== '')
    .reverse();
  const after = around.after.map(bare).filter((line) => line !== '');
  const total = before.length + after.length;
  const places = all.flatMap((line, index) => {
    if (text === '' ? total === 0 : bare(line) !== text) return [];
    const others = text === '' ? 0 : 2;
    const fitting = inOrder(before, all, index - 1, -1, others) + inOrder(after, all, index + 1, 1, others);
    const share = total === 0 ? 0 : fitting / total;
    return text === '' && share < enough.noText ? [] : [{ line: index + 1, share }];
  });
  places.sort((one, other) => other.share - one.share || Math.abs(one.line - near) - Math.abs(other.line - near));
  const [best, next] = places;
  if (best !== undefined) {
    const needed = next === undefined ? (total === 0 ? 0 : enough.only) : enough.best;
    if (best.share >= needed && (next === undefined || best.share - next.share >= ahead)) return { line: best.line };
  }
  return { candidates: places.slice(0, maxCandidates).map(({ line }) => line) };
}

/** Line and column of an offset; offsets may come in any order. */
function lines(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return { line: low, column: offset - (starts[low - 1] as number) + 1 };
  };
}
