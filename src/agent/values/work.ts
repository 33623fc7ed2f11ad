import { NoValue } from './no-value.ts';

/**
 * Work one expression may do at one pass, in elements looked at: about a millisecond. The parts of an expression are few and quick; only
 * texts and arrays can take long.
 */
const maxSteps = 12_000;
/** Characters compared, searched or joined in the time of one element, when the text has to be put together from pieces first. */
const charsPerStep = 64;
/** Longest text that is compared or searched. */
const maxComparedChars = 100_000;

/** Of the expression that is worked out now: one thread, and none runs inside another. */
let left = maxSteps;

/** Starts an expression. */
export function startWork(): void {
  left = maxSteps;
}

/** Whether the expression that was worked out last did anything that can take long. */
export function hasWorked(): boolean {
  return left < maxSteps;
}

/** Pays for work before it is done. Throws `NoValue` when there was too much. */
export function spend(steps: number): void {
  left -= steps;
  if (left < 0) throw new NoValue('The expression is too much work for one pass: it compares or searches too much.');
}

/** Pays for comparing or searching texts; what is no text costs nothing. Throws `NoValue`. */
export function spendText(one: unknown, other: unknown): void {
  const chars = (typeof one === 'string' ? one.length : 0) + (typeof other === 'string' ? other.length : 0);
  // Short ones take no longer than a number.
  if (chars <= charsPerStep) return;
  if (
    (typeof one === 'string' && one.length > maxComparedChars) ||
    (typeof other === 'string' && other.length > maxComparedChars)
  ) {
    throw new NoValue(`The text is longer than ${maxComparedChars} characters.`);
  }
  spend(chars / charsPerStep);
}
