import { push } from './kept.ts';

/** One stretch of text that is hidden, from `start` up to but not including `end`. */
export interface Found {
  start: number;
  end: number;
  rule: string;
  /** Of two that are equally long the one with the lower rank names the rule. */
  rank: number;
  /** A number or word of JSON: its marker needs quotes. */
  isBare?: boolean;
  /** Characters of the one that names it, once several are joined. */
  chars?: number;
}

/** Adds a finding; of those that overlap one is left, named by the longest. */
export function joinFound(found: Found[], one: Found): void {
  const last = found.length === 0 ? undefined : (found[found.length - 1] as Found);
  const chars = one.chars ?? one.end - one.start;
  if (last === undefined || one.start >= last.end) {
    push(found, { ...one, chars });
    return;
  }
  const lastChars = last.chars as number;
  if (chars > lastChars || (chars === lastChars && one.rank < last.rank)) {
    last.rule = one.rule;
    last.rank = one.rank;
    last.chars = chars;
  }
  if (one.start < last.start) last.start = one.start;
  if (one.end > last.end) last.end = one.end;
}

/** Both lists in one, in order and joined where they overlap. */
export function mergeFound(left: readonly Found[], right: readonly Found[]): Found[] {
  const merged: Found[] = [];
  let leftAt = 0;
  let rightAt = 0;
  while (leftAt < left.length || rightAt < right.length) {
    const one = left[leftAt];
    const other = right[rightAt];
    const isLeft = other === undefined || (one !== undefined && one.start <= other.start);
    joinFound(merged, (isLeft ? one : other) as Found);
    if (isLeft) leftAt += 1;
    else rightAt += 1;
  }
  return merged;
}
