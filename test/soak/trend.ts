/** A straight line through samples. */
export interface Trend {
  /** Per unit of x. */
  slope: number;
  /** Half of the 95 % interval around the slope; infinite where there are too few samples. */
  margin: number;
}

/** Of the normal distribution: 95 % lie within so many deviations. */
const deviations = 1.96;

/**
 * Least squares. Neighbouring samples of a process are alike, so the margin is that of as many samples as they are worth by their
 * correlation with the one before: n (1 - r) / (1 + r), the effective size of an AR(1) series.
 */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (n < 3 || spread === 0) return { slope: 0, margin: Number.POSITIVE_INFINITY };
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const off = points.map(([x, y]) => y - meanY - slope * (x - meanX));
  const squares = off.reduce((sum, one) => sum + one ** 2, 0);
  const products = off.reduce((sum, one, index) => sum + one * (off[index - 1] ?? 0), 0);
  const r = squares === 0 ? 0 : Math.max(0, products / squares);
  const worth = (n * (1 - r)) / (1 + r);
  if (worth <= 2) return { slope, margin: Number.POSITIVE_INFINITY };
  const variance = (squares / n) * (worth / (worth - 2));
  return { slope, margin: deviations * Math.sqrt(variance / worth / (spread / n)) };
}
