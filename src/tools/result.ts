import type { ActionRecord } from '../actions/action.ts';
import { isHeldUp } from '../actions/held-up.ts';
import type { Buckets, Estimate, ExponentialHistogram, Sums } from '../protocol/frames.ts';
import { merge, percentile, relativeError } from '../protocol/histogram.ts';
import { addsUp } from '../protocol/records-hits.ts';
import type { RedactionPolicies, RedactionSource } from '../redaction/policy.ts';
import { scrubSums } from '../redaction/sums.ts';

/** Buckets shown of a histogram: enough to see its shape. */
const maxShownBuckets = 12;
/** Significant digits of what is not exact. */
const shownDigits = 4;

/** What an action has added up, over all agents. Durations are in milliseconds. */
export interface Result {
  count: number;
  /** Of all passes, when some went by while a probe was away; `error` is half the width of its 95 % interval. */
  estimate?: Estimate & { /** The probes slowed the line: there can be far more. */ atLeast?: true };
  notNumbers?: number;
  unfinished?: number;
  unit?: 'ms';
  min?: number;
  max?: number;
  mean?: number;
  p50?: number;
  p95?: number;
  p99?: number;
  /** How far a percentile can be from the true one, as a share of it. */
  percentileError?: number;
  histogram?: { above: number; upTo: number; count: number }[];
}

/**
 * The sums of all agents as one, each under the policy of its source as it is now; undefined for kinds that record hits only, and while
 * no agent has told any.
 */
export function resultOf(action: ActionRecord, policies: RedactionPolicies): Result | undefined {
  if (!addsUp(action)) return undefined;
  const [expression] = action.kind === 'metric' ? action.expressions : [];
  const shown = (sums: Sums, source: RedactionSource) =>
    expression === undefined ? sums : scrubSums(sums, expression, policies.for(source));
  const told = action.targets.flatMap(({ sums, pool, service }) => (sums === undefined ? [] : [shown(sums, { pool, service })]));
  if (told.length === 0) return undefined;
  const estimate = estimateOf(told);
  const isLeast = action.targets.some(({ passes }) => passes !== undefined && isHeldUp(passes));
  const notNumbers = total(told, ({ notNumbers = 0 }) => notNumbers);
  const unfinished = total(told, ({ unfinished = 0 }) => unfinished);
  return {
    count: total(told, ({ count }) => count),
    ...(estimate === undefined ? {} : { estimate: isLeast ? { ...estimate, atLeast: true } : estimate }),
    ...(notNumbers === 0 ? {} : { notNumbers }),
    ...(unfinished === 0 ? {} : { unfinished }),
    ...(action.kind === 'duration' ? { unit: 'ms' } : {}),
    ...valuesOf(told),
  };
}

/** Independent errors add up as their squares do. */
function estimateOf(told: Sums[]): Estimate | undefined {
  if (told.every(({ estimate }) => estimate === undefined)) return undefined;
  const count = total(told, ({ estimate, count }) => estimate?.count ?? count);
  return { count, error: Math.ceil(Math.hypot(...told.map(({ estimate }) => estimate?.error ?? 0))) };
}

function valuesOf(told: Sums[]): Partial<Result> {
  const values = told.flatMap((sums) => (sums.values === undefined ? [] : [sums.values]));
  if (values.length === 0) return {};
  const histogram = merge(values.map((one) => one.histogram));
  const count = countIn(histogram);
  if (count === 0) return {};
  const min = Math.min(...values.map((one) => one.min));
  const max = Math.max(...values.map((one) => one.max));
  const at = (percent: number) => rounded(percentile(histogram, count, min, max, percent));
  const mean = values.reduce((sum, one) => sum + one.sum / count, 0);
  return {
    ...{ min, max, mean: Math.min(max, Math.max(min, mean)), p50: at(50), p95: at(95), p99: at(99) },
    percentileError: rounded(relativeError(histogram.scale)),
    histogram: shown(histogram),
  };
}

/** Ranges from the smallest value to the largest; neighbours are put together until there are few. */
function shown(exact: ExponentialHistogram): Result['histogram'] {
  let { scale, positive, negative } = exact;
  const filled = () => [...positive.counts, ...negative.counts].filter((count) => count > 0).length;
  while (filled() > maxShownBuckets) {
    scale -= 1;
    positive = halved(positive);
    negative = halved(negative);
  }
  const bound = (index: number) => rounded(Math.min(Number.MAX_VALUE, 2 ** (index / 2 ** scale)));
  const ranges = ({ offset, counts }: Buckets) =>
    counts.flatMap((count, at) => (count > 0 ? [{ from: bound(offset + at), to: bound(offset + at + 1), count }] : []));
  return [
    ...ranges(negative)
      .reverse()
      .map(({ from, to, count }) => ({ above: -to, upTo: -from, count })),
    ...(exact.zero > 0 ? [{ above: 0, upTo: 0, count: exact.zero }] : []),
    ...ranges(positive).map(({ from, to, count }) => ({ above: from, upTo: to, count })),
  ];
}

/** One scale coarser: bucket `i` goes into bucket `i / 2`, rounded down. */
function halved({ offset, counts }: Buckets): Buckets {
  const first = Math.floor(offset / 2);
  const merged: number[] = [];
  for (const [at, count] of counts.entries()) {
    const bucket = Math.floor((offset + at) / 2) - first;
    merged[bucket] = (merged[bucket] ?? 0) + count;
  }
  return { offset: first, counts: merged };
}

function countIn({ zero, positive, negative }: ExponentialHistogram): number {
  return [...positive.counts, ...negative.counts].reduce((sum, count) => sum + count, zero);
}

const total = (told: Sums[], count: (sums: Sums) => number) => told.reduce((sum, one) => sum + count(one), 0);
/** The largest number rounded up would be none any more. */
const rounded = (value: number) => {
  const short = Number(value.toPrecision(shownDigits));
  return Number.isFinite(short) ? short : value;
};
