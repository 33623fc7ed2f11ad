import { clamped, finite, instant, label, list, optional, plain, type Reader, record, whole } from './check.ts';
import {
  type Buckets,
  type Estimate,
  type ExponentialHistogram,
  engines,
  type Passes,
  type Skipped,
  type StateFrame,
  type Sums,
} from './frames.ts';
import { limits } from './limits.ts';

/** Numbers a program adds up may be of any size; what is counted and timed here may not. */
const count = whole(0, Number.MAX_SAFE_INTEGER);
const time = whole(0, 1e15);

const estimate = record<Estimate>({ count, error: clamped(0, Number.MAX_SAFE_INTEGER) });

export const skipped = record<Skipped>({ condition: count, error: count, budget: count, queue: count, rate: optional(count) });

/** An engine this version does not know is left out, and so is its reason. */
export const engine: Reader<StateFrame['engine']> = (value, path) => {
  const read = optional(record<{ name: string; why: string }>({ name: plain(40), why: label(limits.maxMessageChars) }))(
    value,
    path,
  );
  const name = engines.find((one) => one === read?.name);
  return read === undefined || name === undefined ? undefined : { name, why: read.why };
};

export const passes = record<Passes>({
  seen: count,
  estimate: optional(estimate),
  armedMs: time,
  awayMs: time,
  spentMicros: time,
  maxPauseMicros: time,
  armMicros: time,
  installedAt: optional(instant),
  trips: count,
});

/** Offsets are those of the smallest and largest numbers there are, at the finest scale. */
const buckets = record<Buckets>({ offset: whole(-(2 ** 31), 2 ** 31 - 1), counts: list(count, limits.maxBuckets) });

export const sums = record<Sums>({
  count,
  estimate: optional(estimate),
  values: optional(
    record<NonNullable<Sums['values']>>({
      sum: finite,
      min: finite,
      max: finite,
      histogram: record<ExponentialHistogram>({ scale: whole(-10, 20), zero: count, positive: buckets, negative: buckets }),
    }),
  ),
  notNumbers: optional(count),
  unfinished: optional(count),
});
