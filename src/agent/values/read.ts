import {
  ErrorClass,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isNativeError,
  isProxy,
  objectPrototype,
} from '../intrinsics.ts';
import { functionText, isModuleNamespaceObject, toStringTag } from './kept.ts';

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
const ownStack = getOwnPropertyDescriptor(new ErrorClass(), 'stack');
const nativeStackGet = ownStack !== undefined && hasOwn(ownStack, 'get') ? ownStack.get : undefined;
const prepareAtLoad = getOwnPropertyDescriptor(ErrorClass, 'prepareStackTrace')?.value as unknown;
/** Newer engines put Node's own default there; undefined where a program was earlier than the agent. */
const defaultPrepare =
  typeof prepareAtLoad === 'function' && prepareAtLoad.name === 'ErrorPrepareStackTrace' ? prepareAtLoad : undefined;

/**
 * Whether looking at the object could run code: a proxy, or the global of a `vm` context, whose properties are those of another object that
 * can be a proxy. Nothing tells such a global but its prototype, which V8 makes for it: of another realm, with a class that is native and has no name.
 */
export function isUntouchable(target: object): boolean {
  if (isProxy(target)) return true;
  const prototype = getPrototypeOf(target);
  if (prototype === objectPrototype || prototype === null || typeof target === 'function') return false;
  return isContextGlobal(prototype);
}

function isContextGlobal(prototype: object): boolean {
  let last = prototype;
  for (let depth = 0; depth < maxPrototypes; depth += 1) {
    if (isProxy(last)) return false;
    const next = getPrototypeOf(last);
    if (next === objectPrototype) return false;
    if (next === null) break;
    last = next;
  }
  if (last === prototype || last === objectPrototype) return false;
  const maker = getOwnPropertyDescriptor(prototype, 'constructor');
  if (maker === undefined || !hasOwn(maker, 'value') || typeof maker.value !== 'function') return false;
  return functionText(maker.value) === 'function () { [native code] }';
}

/** Reads an own property; only data properties have a value. */
export function readOwn(target: object, key: PropertyKey): Read {
  return isUntouchable(target) ? proxy : readTouchable(target, key);
}

/** As `readOwn`, of an object that is not `isUntouchable`. */
export function readTouchable(target: object, key: PropertyKey): Read {
  try {
    if (key === 'stack' && !isModuleNamespaceObject(target)) return readStack(target);
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
  if (hasOwn(descriptor, 'value')) return { kind: 'value', value: descriptor.value };
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
  if (isModuleNamespaceObject(target)) return 'Module';
  let prototype = getPrototypeOf(target);
  for (let depth = 0; prototype !== null && depth < maxPrototypes; depth += 1) {
    if (prototype === objectPrototype || isProxy(prototype)) return undefined;
    const maker = readOwn(prototype, 'constructor');
    if (maker.kind === 'value' && typeof maker.value === 'function' && !isProxy(maker.value)) {
      const name = functionName(maker.value);
      return name === 'Object' || name === '' ? undefined : name;
    }
    // Generators and iterators have no class, but a tag.
    const tag = readOwn(prototype, toStringTag);
    if (tag.kind === 'value' && typeof tag.value === 'string' && tag.value !== '') return tag.value;
    prototype = getPrototypeOf(prototype);
  }
  return undefined;
}

/** The function's own name where it is plain text. */
export function functionName(target: object): string {
  const read = readOwn(target, 'name');
  return read.kind === 'value' && typeof read.value === 'string' ? read.value : '';
}
