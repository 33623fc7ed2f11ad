import type { Buckets, ExponentialHistogram } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';

/** The finest scale: 1,024 buckets between two powers of two, so that a percentile is off by 0.03 % at most. */
export const finestScale = 10;
const perOctave = 1 << finestScale;
const size = limits.maxBuckets;
const lowestExponent = -1_022;

/** The same eight bytes as a number and as two halves. */
const asNumber = new Float64Array(1);
const asHalves = new Uint32Array(asNumber.buffer);
asNumber[0] = 1;
/** Where the half with sign and exponent is: machines differ. */
const high = asHalves[1] === 0 ? 0 : 1;

/** Lower ends of the buckets between 1 and 2, and for 1,024 even steps the last bucket that begins before each. */
const ends = new Float64Array(perOctave + 1);
const guesses = new Int16Array(perOctave);
for (let at = 0; at <= perOctave; at += 1) ends[at] = 2 ** (at / perOctave);
for (let at = 0, bucket = -1; at < perOctave; at += 1) {
  while ((ends[bucket + 1] as number) < 1 + at / perOctave) bucket += 1;
  guesses[at] = bucket;
}

/** Counts of a side, those of bucket `i` at `i` modulo their number. */
interface Side {
  first: number;
  last: number;
  counts: Float64Array;
}

const Counts = Float64Array;
const spare = new Counts(size);

/**
 * The base-2 exponential histogram of OpenTelemetry: starts at the finest scale and becomes coarser when values lie too far apart. Takes
 * every finite number; those nearer to zero than 2^-1022 are counted as if they were that.
 */
export class Histogram {
  #scale = finestScale;
  #zero = 0;
  readonly #positive = newSide();
  readonly #negative = newSide();

  record(value: number): void {
    if (value === 0) {
      this.#zero += 1;
      return;
    }
    const side = value > 0 ? this.#positive : this.#negative;
    const finest = bucketOf(value);
    let index = finest >> (finestScale - this.#scale);
    if (side.last < side.first) {
      side.first = index;
      side.last = index;
    } else if (index < side.first || index > side.last) {
      while ((index > side.last ? index : side.last) - (index < side.first ? index : side.first) >= size) {
        this.#coarsen();
        index = finest >> (finestScale - this.#scale);
      }
      if (index < side.first) side.first = index;
      if (index > side.last) side.last = index;
    }
    const slot = slotOf(index);
    side.counts[slot] = (side.counts[slot] as number) + 1;
  }

  toFrame(): ExponentialHistogram {
    return { scale: this.#scale, zero: this.#zero, positive: toBuckets(this.#positive), negative: toBuckets(this.#negative) };
  }

  #coarsen(): void {
    this.#scale -= 1;
    mergePairs(this.#positive);
    mergePairs(this.#negative);
  }
}

/** The bucket of a number's magnitude at the finest scale; a power of two is the upper end of its bucket. */
function bucketOf(value: number): number {
  asNumber[0] = value;
  const half = asHalves[high] as number;
  const exponent = ((half >>> 20) & 0x7ff) - 1_023;
  if (exponent < lowestExponent) return lowestExponent * perOctave - 1;
  // The number between 1 and 2 that it is a power of two away from.
  asHalves[high] = (half & 0xfffff) | 0x3ff00000;
  const mantissa = asNumber[0] as number;
  let bucket = guesses[(half >>> (20 - finestScale)) & (perOctave - 1)] as number;
  while (mantissa > (ends[bucket + 1] as number)) bucket += 1;
  return exponent * perOctave + bucket;
}

function newSide(): Side {
  return { first: 0, last: -1, counts: new Counts(size) };
}

function slotOf(index: number): number {
  const rest = index % size;
  return rest < 0 ? rest + size : rest;
}

/** Makes one bucket of each two: bucket `i` is half of bucket `i >> 1`. */
function mergePairs(side: Side): void {
  const { first, last, counts } = side;
  if (last < first) return;
  for (let at = 0; at < size; at += 1) {
    spare[at] = counts[at] as number;
    counts[at] = 0;
  }
  for (let index = first; index <= last; index += 1) {
    const slot = slotOf(index >> 1);
    counts[slot] = (counts[slot] as number) + (spare[slotOf(index)] as number);
  }
  side.first = first >> 1;
  side.last = last >> 1;
}

function toBuckets(side: Side): Buckets {
  const counts: number[] = [];
  for (let index = side.first; index <= side.last; index += 1) counts[counts.length] = side.counts[slotOf(index)] as number;
  return { offset: side.first, counts };
}
