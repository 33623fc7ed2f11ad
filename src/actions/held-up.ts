import type { Passes } from '../protocol/frames.ts';

/** Above this share of the time it was there, a probe slows the very line it looks at. */
const dominating = 0.3;

/**
 * Whether the probe itself took so much of the time in which it looked that the line could run far more often without it. An estimate
 * from such windows is a lower bound, and what was read is of the first passes of each burst.
 */
export function isHeldUp({ spentMicros, armedMs, awayMs }: Passes): boolean {
  return awayMs > 0 && spentMicros / 1_000 > dominating * Math.max(1, armedMs - awayMs);
}
