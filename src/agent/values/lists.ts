export { push } from '../../protocol/kept.ts';

/**
 * Lists made at a hit. Writing behind the end of an array asks its prototypes for a setter, which may be the program's; writing to an
 * element that is there does not.
 */

/** Ten elements to be overwritten; cut by `length` afterwards. */
export function ten<Element>(): Element[] {
  return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] as unknown[] as Element[];
}

/** Thirty elements to be overwritten; cut by `length` afterwards. */
export function thirty<Element>(): Element[] {
  return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] as unknown[] as Element[];
}
