import type { ScopeVariables } from '../../protocol/frames.ts';
import { type Declared, functionOf, type Scope } from './declarations.ts';
import { read } from './extents.ts';
import { maxAnalysedChars, type NameToRead } from './spot.ts';

export type { Declared } from './declarations.ts';

/** What is in scope at one place. */
export interface ScopesAt {
  function: string | undefined;
  /** Inner first; a name is listed where it is declared innermost. */
  scopes: { kind: ScopeVariables['kind']; names: Declared[] }[];
  /**
   * Names of this function that are still in their dead zone. V8 shows them as undefined in Node 20, where they live on the stack.
   */
  early: Set<string>;
  /** Private fields (`#a`) that `this` has by its class. */
  privates: string[];
  /** Inside `with`, any name may be a property whose getter would run. */
  isInWith: boolean;
  /** The script was not analysed: what is declared in it is not known. */
  isTooLarge?: true;
}

export const unknownScopes = (): ScopesAt => ({
  function: undefined,
  scopes: [],
  early: new Set(),
  privates: [],
  isInWith: false,
  isTooLarge: true,
});

/**
 * Finds the names in scope at any offset of a script, by reading its text once: V8 names them only to a debugger that pauses. A name is
 * never looked up that the script does not declare around the place, so no global is.
 */
export function analyseScopes(source: string): (offset: number) => ScopesAt {
  if (source.length > maxAnalysedChars) return unknownScopes;
  const { scopes, isUnreadable } = read(source);
  return isUnreadable ? unknownScopes : (offset) => scopesAt(innermost(scopes, offset), offset);
}

/**
 * The innermost scope around an offset: the last one that begins before it and has not ended. Where a function begins V8 stops to make it,
 * not in it: at `const f = () => 1` that is its stop for the declaration.
 */
export function innermost(scopes: readonly Scope[], offset: number): Scope {
  let low = 0;
  let high = scopes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((scopes[middle] as Scope).from <= offset) low = middle + 1;
    else high = middle;
  }
  let found = scopes[low - 1] as Scope;
  while ((found.to < offset || (found.from === offset && isMade(found))) && found.outer !== undefined) found = found.outer;
  return found;
}

function isMade({ code }: Scope): boolean {
  return code !== undefined && /^(?:function|method|arrow)$/.test(code.kind);
}

export function scopesAt(inner: Scope, offset: number): ScopesAt {
  const seen = new Set<string>();
  const { code } = functionOf(inner);
  const result: ScopesAt = {
    function: code.kind === 'script' ? undefined : code.name,
    scopes: [],
    early: new Set(),
    privates: privatesAt(inner),
    isInWith: false,
  };
  let isOutside = false;
  for (let scope: Scope | undefined = inner; scope !== undefined; scope = scope.outer) {
    if (scope.kind === 'with') result.isInWith = true;
    const names = [...scope.names.values()].filter(({ name }) => !seen.has(name));
    for (const { name, readyAfter } of names) {
      seen.add(name);
      if (!isOutside && readyAfter > offset) result.early.add(name);
    }
    const kind = scope.kind === 'module' ? 'module' : isOutside ? 'closure' : scope.kind === 'function' ? 'local' : scope.kind;
    if (names.length > 0) result.scopes.push({ kind: kind === 'class' || kind === 'with' ? 'block' : kind, names });
    if (scope.kind === 'function' || scope.kind === 'class') isOutside = true;
  }
  return result;
}

/** The function whose `this` is that of the place: arrow functions have none of their own. */
function thisHome(inner: Scope): Scope & { code: NonNullable<Scope['code']> } {
  let found = functionOf(inner);
  while (found.code.kind === 'arrow') found = functionOf(found.outer as Scope);
  return found;
}

function privatesAt(inner: Scope): string[] {
  const { home, isStatic } = thisHome(inner).code;
  return home === undefined ? [] : home.fields.filter((field) => field.isStatic === isStatic).map(({ name }) => name);
}

/**
 * What code inserted at an offset can read without changing where V8 keeps any variable, at most `max` names: own ones outside their
 * dead zone, inner ones first; `this` and private fields; and names of outer functions only when the function mentions them anyway, as
 * V8 then keeps them for it.
 */
export function readableAt(inner: Scope, offset: number, max = Number.POSITIVE_INFINITY): NameToRead[] {
  const found: NameToRead[] = [];
  const seen = new Set(['arguments']);
  const own = functionOf(inner);
  for (let scope = inner; ; scope = scope.outer as Scope) {
    for (const { name, readyAfter } of scope.names.values()) {
      if (found.length >= max) return found;
      if (seen.has(name)) continue;
      seen.add(name);
      if (readyAfter <= offset && !isOfOtherClause(scope, readyAfter, offset)) found.push({ name, text: name });
    }
    if (scope === own) break;
  }
  const { code } = thisHome(inner);
  const hasThis = code.kind !== 'script' && (own.code === code || own.mentions.includes('this'));
  if (hasThis && !(code.isDerived && (code.superAt < 0 || code.superAt > offset))) {
    found.push({ name: 'this', text: 'this' });
    for (const name of privatesAt(inner)) found.push({ name, text: `${name} in this?this.${name}:void 0` });
  }
  for (const name of outerNames(own)) if (!seen.has(name)) found.push({ name, text: name });
  return found.length > max ? found.slice(0, max) : found;
}

const outerNamesOf = new WeakMap<Scope, string[]>();

/** Names a function mentions that the script declares around it. */
function outerNames(own: Scope): string[] {
  const known = outerNamesOf.get(own);
  if (known !== undefined) return known;
  const found = own.outer === undefined ? [] : own.mentions.filter((name) => isDeclaredAround(own, name));
  outerNamesOf.set(own, found);
  return found;
}

function isDeclaredAround({ outer }: Scope, name: string): boolean {
  for (let scope = outer; scope !== undefined; scope = scope.outer) if (scope.names.has(name)) return true;
  return false;
}

/** In a `switch`, control may come past the declaration. */
function isOfOtherClause({ clauses }: Scope, readyAfter: number, offset: number): boolean {
  return readyAfter >= 0 && clauses !== undefined && clauses.some((clause) => clause > readyAfter && clause <= offset);
}
