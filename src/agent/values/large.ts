import { bigintWrap } from '../intrinsics.ts';

/**
 * Bigints beyond this many bits are neither printed nor calculated with: both take time that grows with the square, and 800 bits
 * are 241 digits, which fit into one shown text.
 */
const maxBigintBits = 800;

/** Whether a bigint is too large to work with at a hit. */
export function isLargeBigint(value: bigint): boolean {
  return bigintWrap(maxBigintBits, value) !== value;
}
