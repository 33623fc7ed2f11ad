import {
  ErrorClass,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isNativeError,
  isProxy,
  objectPrototype,
} from '../intrinsics.ts';

/** What reading an own property without running any code of the program can give. */
export type Read = { kind: 'value'; value: unknown } | { kind: 'missing' | 'getter' | 'proxy' | 'uninitialised' };

/** Of the global: importing `node:process` would open the program's standard streams. */
const kept = process;

const missing: Read = { kind: 'missing' };
const accessor: Read = { kind: 'getter' };
const proxy: Read = { kind: 'proxy' };
const uninitialised: Read = { kind: 'uninitialised' };

/** Prototypes looked through for a class name or an inherited message. */
const maxPrototypes = 8;

/** The native accessor behind `stack`, in engines where that is an accessor (V8 12 and later); undefined where it looks like data. */
const errorPrototype: object = ErrorClass.prototype;
const nativeStackGet = getOwnPropertyDescriptor(new ErrorClass(), 'stack')?.get;
const prepareAtLoad = getOwnPropertyDescriptor(ErrorClass, 'prepareStackTrace')?.value as unknown;
/** Newer engines put Node's own default there; undefined where a program was earlier than the agent. */
const defaultPrepare =
  typeof prepareAtLoad === 'function' && prepareAtLoad.name === 'ErrorPrepareStackTrace' ? prepareAtLoad : undefined;

/** Reads an own property; only data properties have a value. */
export function readOwn(target: object, key: PropertyKey): Read {
  if (isProxy(target)) return proxy;
  if (key === 'stack') return readStack(target);
  try {
    const descriptor = getOwnPropertyDescriptor(target, key);
    if (descriptor === undefined) return missing;
    return hasOwn(descriptor, 'value') ? { kind: 'value', value: descriptor.value } : accessor;
  } catch {
    // Only a module namespace throws here: its binding is still in the temporal dead zone.
    return uninitialised;
  }
}

/** As `readOwn`, but goes on to the prototypes while they are plain objects. */
export function readInherited(target: object, key: PropertyKey): Read {
  let current: object | null = target;
  for (let depth = 0; current !== null && depth < maxPrototypes; depth += 1) {
    const read = readOwn(current, key);
    if (read.kind !== 'missing') return read;
    current = getPrototypeOf(current);
  }
  return missing;
}

/**
 * V8 formats `stack` when it is first read: that calls the program's `Error.prepareStackTrace`, or the error's `name` and `message`.
 * It is read only where none of them is the program's code.
 */
function readStack(target: object): Read {
  if (!hasOwn(target, 'stack')) return missing;
  if (!isOurError(target) || isPrepareCustom() || !isQuiet(target, 'name') || !isQuiet(target, 'message')) return accessor;
  const descriptor = getOwnPropertyDescriptor(target, 'stack');
  if (descriptor === undefined) return missing;
  if (descriptor.get === undefined) return { kind: 'value', value: descriptor.value };
  if (descriptor.get !== nativeStackGet) return accessor;
  try {
    return { kind: 'value', value: (target as Error).stack };
  } catch {
    return accessor;
  }
}

/** An error of this realm with no proxy above it: another realm formats with its own hooks, and a proxy's traps would run. */
function isOurError(target: object): boolean {
  if (!isNativeError(target)) return false;
  let prototype = getPrototypeOf(target);
  for (let depth = 0; prototype !== null && depth < maxPrototypes; depth += 1) {
    if (prototype === errorPrototype) return true;
    if (isProxy(prototype)) return false;
    prototype = getPrototypeOf(prototype);
  }
  return false;
}

function isPrepareCustom(): boolean {
  const descriptor = getOwnPropertyDescriptor(ErrorClass, 'prepareStackTrace');
  if (descriptor === undefined) return false;
  if (!hasOwn(descriptor, 'value')) return true;
  // With --enable-source-maps Node's default reads and parses map files: too slow for a hit.
  if (kept.sourceMapsEnabled === true) return true;
  return typeof descriptor.value === 'function' && descriptor.value !== defaultPrepare;
}

function isQuiet(target: object, key: string): boolean {
  const read = readInherited(target, key);
  return read.kind === 'missing' || (read.kind === 'value' && (typeof read.value === 'string' || read.value === undefined));
}

/** The name of the object's class; undefined for plain objects and where only the program's code could tell. */
export function classNameOf(target: object): string | undefined {
  let prototype = getPrototypeOf(target);
  for (let depth = 0; prototype !== null && depth < maxPrototypes; depth += 1) {
    if (prototype === objectPrototype || isProxy(prototype)) return undefined;
    const maker = readOwn(prototype, 'constructor');
    if (maker.kind === 'value' && typeof maker.value === 'function' && !isProxy(maker.value)) {
      const name = functionName(maker.value);
      return name === 'Object' || name === '' ? undefined : name;
    }
    prototype = getPrototypeOf(prototype);
  }
  return undefined;
}

/** The function's own name where it is plain text. */
export function functionName(target: object): string {
  const read = readOwn(target, 'name');
  return read.kind === 'value' && typeof read.value === 'string' ? read.value : '';
}
