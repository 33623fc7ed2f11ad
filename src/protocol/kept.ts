/**
 * The language as it was when this file was loaded: agents ask in the middle of a program that may have changed it since, so what runs at a
 * hit calls no method through a prototype, and neither iterates nor spreads.
 */
export const uncurry = Function.prototype.bind.bind(Function.prototype.call) as unknown as <This, Args extends unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
) => (self: This, ...args: Args) => Result;

export const charCode = uncurry(String.prototype.charCodeAt);
export const slice = uncurry(String.prototype.slice);
export const startsWith = uncurry(String.prototype.startsWith);
export const stringIncludes = uncurry(String.prototype.includes);
export const indexOf = uncurry(String.prototype.indexOf);
export const lowerCase = uncurry(String.prototype.toLowerCase);
export const fromCharCode = String.fromCharCode;
export const KeptMap = Map;
export const mapGet = uncurry(Map.prototype.get) as <K, V>(map: Map<K, V>, key: K) => V | undefined;
export const mapSet = uncurry(Map.prototype.set) as <K, V>(map: Map<K, V>, key: K, value: V) => Map<K, V>;
export const mapHas = uncurry(Map.prototype.has) as <K, V>(map: Map<K, V>, key: K) => boolean;

const { defineProperty } = Reflect;
/** Without a prototype: a program may have put accessors with these names on it. */
const slot = { __proto__: null, value: undefined, writable: true, enumerable: true, configurable: true } as PropertyDescriptor;

/** Adds one element, some hundred nanoseconds: writing behind the end of a list asks its prototypes for a setter of the program's. */
export function push<Element>(list: Element[], element: Element): void {
  slot.value = element;
  defineProperty(list, list.length, slot);
  slot.value = undefined;
}
