/** Why a pass through the line gave no hit; all are counts since arming. */
export interface Skipped {
  /** The condition was false. */
  condition: number;
  /** The condition could not be evaluated. */
  error: number;
  /** Passes seen while the probe was taken away to keep within its time budget are not counted; these are windows. */
  budget: number;
  /** The queue to the bridge was full. */
  queue: number;
  /** The rate limit of a logpoint was reached. */
  rate?: number;
}

/** A number that was not counted whole. */
export interface Estimate {
  count: number;
  /** Half the width of its 95 % interval. */
  error: number;
}

/** What a probe has met and cost since it was armed; the bridge makes one verdict of it (`explain`). */
export interface Passes {
  /** Passes the probe looked at. */
  seen: number;
  /** All passes, when some went by while it was away; absent when `seen` is all of them. */
  estimate?: Estimate;
  /** Milliseconds since it was installed, and how many of these it was away to keep within its time budget. */
  armedMs: number;
  awayMs: number;
  /** Microseconds the program was held by it: altogether (of inserted code partly an estimate), longest once, and for installing it. */
  spentMicros: number;
  maxPauseMicros: number;
  armMicros: number;
  /** When it was installed; absent while it is not. */
  installedAt?: number;
  /** How often the breaker took it away because one pause was far too long. */
  trips: number;
}

/** The exponential histogram of OpenTelemetry: bucket `i` holds values in (base^i, base^(i+1)], base = 2^(2^-scale). */
export interface ExponentialHistogram {
  scale: number;
  /** Values that are zero. */
  zero: number;
  positive: Buckets;
  negative: Buckets;
}

/** `counts[k]` belongs to bucket `offset + k`; at most 160 of them. */
export interface Buckets {
  offset: number;
  counts: number[];
}

/** What a counter, duration or metric has added up since it was armed. Cumulative: a later one replaces an earlier one. */
export interface Sums {
  /** Passes with the condition true; for a duration, spans that ended; for a metric, passes whose expression was a number. */
  count: number;
  /** Of all of them, when passes went by while the probe was away. */
  estimate?: Estimate;
  /** Of durations (in milliseconds) and metrics; absent while there is none. */
  values?: { sum: number; min: number; max: number; histogram: ExponentialHistogram };
  /** Metric: passes whose expression was not a finite number. */
  notNumbers?: number;
  /** Duration: spans that began and whose end was not seen, because they threw, still run, or the probe was away. */
  unfinished?: number;
}
