import { uncurry } from '../../protocol/kept.ts';

/** More of the language as it was when the agent was loaded; see intrinsics.ts. */
export { isDataView, isModuleNamespaceObject } from 'node:util/types';

export const { setPrototypeOf } = Reflect;
export const toStringTag: typeof Symbol.toStringTag = Symbol.toStringTag;
export const functionText = uncurry(Function.prototype.toString);
export const KeptWeakMap = WeakMap;
export const weakGet = uncurry(WeakMap.prototype.get) as <V>(map: WeakMap<object, V>, key: object) => V | undefined;
export const weakSet = uncurry(WeakMap.prototype.set) as <V>(map: WeakMap<object, V>, key: object, value: V) => unknown;
/** Throws for one that is out of the bounds of its buffer. */
export const viewBytes = uncurry(
  Reflect.getOwnPropertyDescriptor(DataView.prototype, 'byteLength')?.get as (this: object) => number,
);

/** The methods of V8's call sites, which `Error.prepareStackTrace` hands to programs to patch. */
export const { siteFile, siteFunction, siteLine, siteColumn, siteIsAsync } = callSiteMethods();

function callSiteMethods() {
  const names = ['prepareStackTrace', 'stackTraceLimit'] as const;
  const before = names.map((name) => Reflect.getOwnPropertyDescriptor(Error, name));
  let prototype: NodeJS.CallSite & { isAsync(): boolean } = { __proto__: null } as never;
  const holder: { stack?: unknown } = {};
  const look = (_: Error, sites: NodeJS.CallSite[]): void => {
    if (sites[0] !== undefined) prototype = Reflect.getPrototypeOf(sites[0]) as typeof prototype;
  };
  Reflect.defineProperty(Error, 'prepareStackTrace', { value: look, configurable: true });
  // A program may have been started with a limit of 0.
  Reflect.defineProperty(Error, 'stackTraceLimit', { value: 1, writable: true, configurable: true });
  Error.captureStackTrace(holder);
  void holder.stack;
  for (const [index, name] of names.entries()) {
    const descriptor = before[index];
    if (descriptor === undefined) Reflect.deleteProperty(Error, name);
    else Reflect.defineProperty(Error, name, descriptor);
  }
  const kept = <Result>(method: ((this: NodeJS.CallSite) => Result) | undefined) =>
    method === undefined ? undefined : uncurry(method);
  return {
    siteFile: kept(prototype.getFileName),
    siteFunction: kept(prototype.getFunctionName),
    siteLine: kept(prototype.getLineNumber),
    siteColumn: kept(prototype.getColumnNumber),
    siteIsAsync: kept(prototype.isAsync),
  };
}
