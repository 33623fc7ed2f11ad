import { mapGet, mapHas } from '../intrinsics.ts';
import { type Read, readInherited } from './read.ts';

/** `this` as a name; no identifier is written so, and none as the names of private fields: `#name`, for `this.#name`. */
export const thisName = 'this';

/** The names that can be read at one pass. */
export interface NamesAtPass {
  /** The same map at every pass of a place: readers keep what they found in it. */
  readonly positions: Map<string, number>;
  /** Names that are in their dead zone as long as they are undefined. */
  readonly early: Map<string, true>;
  /** Throws what V8 throws for a name that it has not, or not yet; undefined when all that is known is that it cannot be read. */
  read(position: number): unknown;
}

/** What a name has at this pass. */
export function readName(name: string, names: NamesAtPass): Read {
  const position = mapGet(names.positions, name);
  if (position === undefined) return { kind: 'missing' };
  try {
    const value = names.read(position);
    return value === undefined && mapHas(names.early, name) ? { kind: 'uninitialised' } : { kind: 'value', value };
  } catch (error) {
    return { kind: absent(name, names, error) };
  }
}

/** Why reading the name threw. */
export function absent(name: string, { early }: NamesAtPass, error: unknown): 'uninitialised' | 'missing' {
  return mapHas(early, name) || isTooEarly(error) ? 'uninitialised' : 'missing';
}

/**
 * V8 throws the same class for a name in its dead zone ("Cannot access …"), `this` before `super()` ("Must call …"), and a name it no
 * longer has. A private field that is not there is "Cannot read …".
 */
function isTooEarly(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const read = readInherited(error, 'message');
  if (read.kind !== 'value' || typeof read.value !== 'string') return false;
  return read.value[0] === 'M' || (read.value[0] === 'C' && read.value[7] === 'a');
}
