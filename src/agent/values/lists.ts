import { defineProperty } from '../intrinsics.ts';

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

/** Without a prototype: a program may have put accessors with these names on it. */
const slot = { __proto__: null, value: undefined, writable: true, enumerable: true, configurable: true } as PropertyDescriptor;

/** Adds one element; some hundred nanoseconds. */
export function push<Element>(list: Element[], element: Element): void {
  slot.value = element;
  defineProperty(list, list.length, slot);
  slot.value = undefined;
}
