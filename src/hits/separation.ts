/** How many hits of each of two groups have one value. */
export type Pair = readonly [a: number, b: number];

/**
 * How well a value tells which of two groups a hit is from, from 0 (no better than chance) to nearly 1: the information gain of the
 * split (J. R. Quinlan, "Induction of Decision Trees", Machine Learning 1, 1986) less what a random split into parts of the same
 * sizes gains on average (N. X. Vinh, J. Epps, J. Bailey, "Information Theoretic Measures for Clusterings Comparison", JMLR 11,
 * 2010, section 4: hypergeometric model), as a share of the entropy of the groups. So a value that differs in every hit gains nothing.
 */
export function separation(pairs: readonly Pair[]): number {
  const sizes = totalOf(pairs);
  const all = sizes[0] + sizes[1];
  const groups = entropy(sizes);
  if (groups === 0) return 0;
  const expected = sum(pairs.map(([a, b]) => expectedGain(a + b, sizes[0], all) + expectedGain(a + b, sizes[1], all)));
  return (gain(pairs) - expected) / groups;
}

const totalOf = (pairs: readonly Pair[]): Pair => [sum(pairs.map(([a]) => a)), sum(pairs.map(([, b]) => b))];

/** Information gain, in nats. */
function gain(pairs: readonly Pair[]): number {
  const sizes = totalOf(pairs);
  const all = sizes[0] + sizes[1];
  return entropy(sizes) - sum(pairs.map((pair) => ((pair[0] + pair[1]) / all) * entropy(pair)));
}

/** Whether no value is in both groups. */
export const separatesFully = (pairs: readonly Pair[]): boolean => pairs.every(([a, b]) => a === 0 || b === 0);

/** The best question "is it at most `limit`?" over numbers. */
export interface Threshold {
  limit: number;
  pairs: [Pair, Pair];
  score: number;
}

/**
 * The threshold that separates best, its score less the price of having had a choice: log₂(k − 1) bits over all hits for k different
 * numbers (J. R. Quinlan, "Improved Use of Continuous Attributes in C4.5", JAIR 4, 1996). Undefined when all are equal.
 */
export function bestThreshold(numbers: readonly { number: number; isA: boolean }[]): Threshold | undefined {
  const sorted = [...numbers].sort((left, right) => left.number - right.number);
  const total: Pair = [sorted.filter(({ isA }) => isA).length, sorted.filter(({ isA }) => !isA).length];
  let best: { limit: number; pairs: [Pair, Pair]; gain: number } | undefined;
  let below: Pair = [0, 0];
  let different = 1;
  for (const [index, { number, isA }] of sorted.entries()) {
    below = isA ? [below[0] + 1, below[1]] : [below[0], below[1] + 1];
    if (index + 1 === sorted.length || sorted[index + 1]?.number === number) continue;
    different += 1;
    const pairs: [Pair, Pair] = [below, [total[0] - below[0], total[1] - below[1]]];
    const gained = gain(pairs);
    if (best === undefined || gained > best.gain) best = { limit: number, pairs, gain: gained };
  }
  if (best === undefined || entropy(total) === 0) return undefined;
  const price = Math.log(different - 1) / sorted.length / entropy(total);
  return { limit: best.limit, pairs: best.pairs, score: separation(best.pairs) - price };
}

/** In nats. */
function entropy([a, b]: Pair): number {
  const all = a + b;
  const part = (count: number) => (count === 0 ? 0 : (count / all) * Math.log(all / count));
  return part(a) + part(b);
}

/** What a value of `size` hits and a group of `group` hits share in information by chance, of `all` hits. In nats. */
function expectedGain(size: number, group: number, all: number): number {
  let expected = 0;
  for (let both = Math.max(1, size + group - all); both <= Math.min(size, group); both++) {
    const chance = logChoose(group, both) + logChoose(all - group, size - both) - logChoose(all, size);
    expected += (both / all) * Math.log((all * both) / (size * group)) * Math.exp(chance);
  }
  return expected;
}

const logChoose = (all: number, some: number): number => logFactorial(all) - logFactorial(some) - logFactorial(all - some);

const logFactorials = [0];

function logFactorial(number: number): number {
  for (let next = logFactorials.length; next <= number; next++) {
    logFactorials.push((logFactorials[next - 1] ?? 0) + Math.log(next));
  }
  return logFactorials[number] ?? 0;
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
