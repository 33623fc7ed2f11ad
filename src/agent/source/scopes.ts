import type { ScopeVariables } from '../../protocol/frames.ts';
import { declareNames, patternNames } from './declarations.ts';
import { controls, expressionEnd, statementEnd, wantsValue } from './extents.ts';
import { type Tokens, tokenize } from './tokens.ts';

/** A name that a script declares. */
export interface Declared {
  name: string;
  /** Functions, classes and imports: read only when an expression asks. */
  isCode: boolean;
  /** Index of the last token of its declaration, before which it is in its dead zone; -1 for what has none. */
  readyAfter: number;
}

/** A region of the source in which names live; `to` is the index of its last token. */
export interface Scope {
  kind: 'module' | 'function' | 'block' | 'catch' | 'class' | 'with';
  from: number;
  to: number;
  names: Map<string, Declared>;
  /** Of a function or class. */
  name?: string;
  /** An arrow function without braces. */
  isExpression?: boolean;
  outer: Scope | undefined;
}

/** What is in scope at one place. */
export interface ScopesAt {
  function: string | undefined;
  /** Inner first; a name is listed where it is declared innermost. */
  scopes: { kind: ScopeVariables['kind']; names: Declared[] }[];
  /**
   * Names of this function that are still in their dead zone. V8 shows them as undefined in Node 20, where they live on the stack.
   */
  early: Set<string>;
  /** Inside `with`, any name may be a property whose getter would run. */
  isInWith: boolean;
  /** The script was not analysed: what is declared in it is not known. */
  isTooLarge?: true;
}

/** Longest source that is analysed, in characters. */
export const maxAnalysedChars = 16 * 1024 * 1024;

/**
 * Finds the names in scope at any offset of a script, by reading its text once: V8 names them only to a debugger that pauses. A name too
 * many is harmless, as V8 then says that it is not defined; a name is never looked up that the script does not declare around
 * the place, so no global is.
 */
export function analyseScopes(source: string): (offset: number) => ScopesAt {
  if (source.length > maxAnalysedChars)
    return () => ({ function: undefined, scopes: [], early: new Set(), isInWith: false, isTooLarge: true });
  const tokens = tokenize(source);
  const scopes = readScopes(tokens);
  return (offset) => {
    let low = 0;
    let high = tokens.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tokens.starts[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return flatten(innermost(scopes, low, endsAt(tokens, low - 1) === offset), low);
  };
}

function endsAt({ starts, texts }: Tokens, token: number): number {
  return (starts[token] ?? 0) + (texts[token]?.length ?? 0);
}

/** An arrow function without braces returns right behind its last token. */
function innermost(scopes: Scope[], token: number, isBehind: boolean): Scope {
  let found = scopes[0] as Scope;
  for (const scope of scopes) {
    const to = isBehind && scope.isExpression === true ? scope.to + 1 : scope.to;
    if (scope.from <= token && token <= to) found = scope;
  }
  return found;
}

function flatten(inner: Scope, token: number): ScopesAt {
  const seen = new Set<string>();
  const result: ScopesAt = { function: undefined, scopes: [], early: new Set(), isInWith: false };
  let isOutside = false;
  for (let scope: Scope | undefined = inner; scope !== undefined; scope = scope.outer) {
    if (scope.kind === 'with') result.isInWith = true;
    const names = [...scope.names.values()].filter(({ name }) => !seen.has(name));
    for (const { name, readyAfter } of names) {
      seen.add(name);
      if (!isOutside && readyAfter >= token) result.early.add(name);
    }
    const kind = scope.kind === 'module' ? 'module' : isOutside ? 'closure' : scope.kind === 'function' ? 'local' : scope.kind;
    if (names.length > 0) result.scopes.push({ kind: kind === 'class' || kind === 'with' ? 'block' : kind, names });
    if (scope.kind === 'function' && !isOutside) result.function = scope.name;
    if (scope.kind === 'function' || scope.kind === 'class') isOutside = true;
  }
  return result;
}

/** All scopes of a script, outer ones before the ones inside them. */
function readScopes(tokens: Tokens): Scope[] {
  const { texts, match, kinds } = tokens;
  const last = texts.length;
  const root: Scope = { kind: 'module', from: 0, to: last, names: new Map(), outer: undefined };
  const scopes = [root];
  /** Brackets that belong to something met before them. */
  const taken = new Set<number>();
  let current = root;

  const enter = (kind: Scope['kind'], from: number, to: number, name?: string): Scope => {
    const scope: Scope = { kind, from, to, names: new Map(), outer: current, ...(name === undefined ? {} : { name }) };
    scopes.push(scope);
    current = scope;
    return scope;
  };
  const enterFunction = (name: string, from: number, parameters: number, body: number): void => {
    taken.add(parameters).add(body);
    const scope = enter('function', from, match[body] as number, name);
    for (const one of patternNames(tokens, parameters + 1, match[parameters] as number))
      scope.names.set(one, { name: one, isCode: false, readyAfter: -1 });
  };

  for (let index = 0; index < last; index += 1) {
    while (index > current.to && current.outer !== undefined) current = current.outer;
    const text = texts[index] as string;
    const before = texts[index - 1] ?? ';';
    if (text === '=>') {
      arrow(tokens, index, enter, taken);
    } else if (text === '(' && !taken.has(index) && (match[index] as number) > 0) {
      const close = match[index] as number;
      const isControl = controls.has(before) && texts[index - 2] !== '.' && texts[index - 2] !== '?.';
      const isLoop = before === 'for' || (before === 'await' && texts[index - 2] === 'for');
      if (isLoop) enter('block', index, statementEnd(tokens, close + 1));
      else if (isControl && before === 'with') enter('with', index, statementEnd(tokens, close + 1));
      else if (isControl && before === 'catch' && texts[close + 1] === '{') {
        const scope = enter('catch', index, match[close + 1] as number);
        for (const one of patternNames(tokens, index + 1, close))
          scope.names.set(one, { name: one, isCode: false, readyAfter: -1 });
      } else if (!isControl && texts[close + 1] === '{' && !taken.has(close + 1)) {
        enterFunction(methodName(tokens, index - 1, current), index, index, close + 1);
      }
    } else if (text === '{' && !taken.has(index) && (match[index] as number) > 0) {
      if (before === 'static') enter('function', index, match[index] as number, '<static>');
      else enter('block', index, match[index] as number);
    } else if (kinds[index] === 'word' && before !== '.' && before !== '?.' && texts[index + 1] !== ':') {
      if (text === 'function') {
        const star = texts[index + 1] === '*' ? 1 : 0;
        const name = texts[index + 1 + star] === '(' ? undefined : texts[index + 1 + star];
        const parameters = index + 1 + star + (name === undefined ? 0 : 1);
        const close = match[parameters] ?? -1;
        if (texts[parameters] !== '(' || texts[close + 1] !== '{') continue;
        const starts = before === 'async' ? (texts[index - 2] ?? ';') : before;
        const isValue = wantsValue(starts);
        if (name !== undefined && !isValue) current.names.set(name, { name, isCode: true, readyAfter: -1 });
        enterFunction(name ?? nameBefore(tokens, index), index, parameters, close + 1);
        if (name !== undefined && isValue && !current.names.has(name))
          current.names.set(name, { name, isCode: true, readyAfter: -1 });
      } else if (text === 'class') {
        let body = index + 1;
        while (body < last && texts[body] !== '{') body = (match[body] as number) > body ? (match[body] as number) + 1 : body + 1;
        if (body >= last || (match[body] as number) < 0) continue;
        const name = kinds[index + 1] === 'word' && texts[index + 1] !== 'extends' ? texts[index + 1] : undefined;
        taken.add(body);
        if (name !== undefined && !wantsValue(before)) current.names.set(name, { name, isCode: true, readyAfter: -1 });
        const scope = enter('class', body, match[body] as number, name);
        if (name !== undefined) scope.names.set(name, { name, isCode: true, readyAfter: -1 });
      } else {
        declareNames(tokens, index, current);
      }
    }
  }
  return scopes;
}

/** As V8 names it: `get total`, and the class for its constructor. */
function methodName({ kinds, texts }: Tokens, index: number, home: Scope): string {
  if (kinds[index] === 'punctuator') return '';
  const name = texts[index] as string;
  if (name === 'constructor' && home.kind === 'class') return home.name ?? '';
  const before = texts[index - 1];
  return before === 'get' || before === 'set' ? `${before} ${name}` : name;
}

function arrow(
  tokens: Tokens,
  index: number,
  enter: (kind: 'function', from: number, to: number, name: string) => Scope,
  taken: Set<number>,
): void {
  const { texts, match } = tokens;
  const isList = texts[index - 1] === ')';
  const first = isList ? (match[index - 1] as number) : index - 1;
  const body = index + 1;
  const isBlock = texts[body] === '{' && (match[body] as number) > 0;
  if (isBlock) taken.add(body);
  const start = texts[first - 1] === 'async' ? first - 1 : first;
  const to = isBlock ? (match[body] as number) : expressionEnd(tokens, body);
  const scope = enter('function', index, to, nameBefore(tokens, start));
  scope.isExpression = !isBlock;
  const names = isList ? patternNames(tokens, first + 1, index - 1) : [texts[first] as string];
  for (const one of names) scope.names.set(one, { name: one, isCode: false, readyAfter: -1 });
}

/** The name a function expression gets from what it is assigned to: `name = …` or `name: …`. */
function nameBefore({ texts, kinds }: Tokens, index: number): string {
  const at = texts[index - 1] === 'async' ? index - 1 : index;
  const sign = texts[at - 1];
  return (sign === '=' || sign === ':') && kinds[at - 2] === 'word' ? (texts[at - 2] as string) : '';
}
