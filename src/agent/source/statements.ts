import { type Code, functionOf, type Scope } from './declarations.ts';
import { type Extent, type Reading, read } from './extents.ts';
import { innermost, readableAt, type ScopesAt, scopesAt, unknownScopes } from './scopes.ts';
import { type FunctionAround, type Insertion, maxAnalysedChars } from './spot.ts';

/** A statement before which a call may be inserted. */
export interface StatementPlace {
  /** Of its first token. */
  offset: number;
  insertion: Insertion;
  /** Index in `functions()` of the function it is in; -1 for the script itself. */
  function: number;
}

export interface FunctionPlace {
  /** `Cart.total` for a method of a class, else the name; empty without one. */
  name: string;
  /** Where it starts, with `async` or its key, and behind its end. */
  offset: number;
  end: number;
}

export interface SourceAnalysis {
  scopesOf(offset: number): ScopesAt;
  /** For a place where V8 can stop; the end of a function is one. */
  insertionAt(offset: number): Insertion | { why: string };
  /** The function around a place, when its whole body may be wrapped in a `try`. */
  functionAt(offset: number): FunctionAround | undefined;
  /** The same, with the reason why not. */
  wholeFunctionAt(offset: number): FunctionAround | { why: string };
  /** All statements that can be observed, in the order of the text, each with so many names at most. */
  statements(maxNames?: number): StatementPlace[];
  /** Where code begins that runs by itself and has no statement: bodies of arrow functions without braces, values of class fields. */
  bareBodies(): number[];
  functions(): FunctionPlace[];
  /** `wholeFunctionAt` for one of `functions()`. */
  wholeFunctionOf(index: number): FunctionAround | { why: string };
}

/** Reads a script once and answers where probes can be inserted. Never throws. What is not certain is refused, with a sentence. */
export function analyse(source: string): SourceAnalysis {
  if (source.length > maxAnalysedChars) return unknown('the script is too large to be read');
  const reading = read(source);
  if (reading.isUnreadable) return unknown(reading.why as string);
  const { scopes, statements, why } = reading;
  const codes = scopes.filter(({ code }) => code !== undefined && /^(?:function|method|arrow)$/.test(code.kind));
  const wholeFunctionAt = (offset: number) => (why === undefined ? wholeFunction(innermost(scopes, offset)) : { why });
  return {
    scopesOf: (offset) => scopesAt(innermost(scopes, offset), offset),
    insertionAt: (offset) => (why === undefined ? insertionAt(reading, offset) : { why }),
    wholeFunctionAt,
    functionAt: (offset) => {
      const found = wholeFunctionAt(offset);
      return 'why' in found ? undefined : found;
    },
    statements(maxNames) {
      if (why !== undefined) return [];
      const indexes = new Map(codes.map((scope, index) => [scope, index]));
      return statements
        .filter(({ scope }) => !isClosed(scope))
        .map((one) => ({
          offset: one.from,
          insertion: before(one, maxNames),
          function: indexes.get(functionOf(one.scope)) ?? -1,
        }));
    },
    bareBodies: () => (why === undefined ? bareBodies(scopes) : []),
    functions: () => codes.map(({ code }) => placeOf(code as Code)),
    wholeFunctionOf: (index) => (why === undefined ? wholeFunction(codes[index] ?? (scopes[0] as Scope)) : { why }),
  };
}

function unknown(why: string): SourceAnalysis {
  return {
    scopesOf: unknownScopes,
    insertionAt: () => ({ why }),
    functionAt: () => undefined,
    wholeFunctionAt: () => ({ why }),
    statements: () => [],
    bareBodies: () => [],
    functions: () => [],
    wholeFunctionOf: () => ({ why }),
  };
}

function bareBodies(scopes: readonly Scope[]): number[] {
  const found: number[] = [];
  for (const scope of scopes) {
    if (scope.code?.body.isExpression !== true || isClosed(scope)) continue;
    // The body of a field begins with its name.
    found.push(scope.code.kind === 'field' ? scope.from : scope.code.body.from);
  }
  return found.sort((one, other) => one - other);
}

function placeOf({ name, kind, home, from, to }: Code): FunctionPlace {
  const isMethod = kind === 'method' && home !== undefined && home.name !== '' && name !== home.name;
  return { name: isMethod ? `${home.name}.${name.replace(/^[gs]et /, '')}` : name, offset: from, end: to };
}

function isClosed(inner: Scope): boolean {
  for (let scope: Scope | undefined = inner; scope !== undefined; scope = scope.outer)
    if (scope.kind === 'with' || scope.code?.isAsm === true) return true;
  return false;
}

function before({ from, to, isBody, scope }: Extent, maxNames?: number): Insertion {
  const names = readableAt(scope, from, maxNames);
  return isBody ? { at: from, wrapTo: to, names } : { at: from, names };
}

function insertionAt({ scopes, statements, effects }: Reading, offset: number): Insertion | { why: string } {
  const inner = innermost(scopes, offset);
  const own = functionOf(inner);
  const { kind, body, endsOpen } = own.code;
  if (isClosed(inner)) return { why: 'inside `with` any name may be a property, and asm.js has to stay as it is' };
  if (kind === 'field') return { why: 'the value of a class field is not a statement' };
  if (kind !== 'script' && offset < body.from) return { why: 'the parameters of a function are not statements' };
  if (body.isExpression) return { why: 'an arrow function without braces has no statements' };
  if (offset >= body.to && kind !== 'script')
    return endsOpen ? { why: 'the last statement ends without a semicolon' } : { at: body.to, names: readableAt(own, body.to) };

  let found = statements[firstBehind(statements, offset) - 1];
  while (found !== undefined && found.to < offset) found = found.outer;
  // The function began behind that statement: the place is between two statements.
  if (found === undefined || functionOf(found.scope) !== own) return { why: 'no statement begins here' };
  const { from, repeats } = found;
  if (repeats !== undefined && offset >= repeats.from && offset <= repeats.to && offset > from)
    return { why: 'the head of a loop runs at each turn' };
  const effect = effects[firstAbove(effects, from)];
  if (effect !== undefined && effect <= offset && offset > from)
    return { why: 'something runs, or is chosen, between the beginning of the statement and this place' };
  return before(found);
}

/** Index of the first statement that begins behind an offset. */
function firstBehind(statements: readonly Extent[], offset: number): number {
  let low = 0;
  let high = statements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((statements[middle] as Extent).from <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAbove(offsets: readonly number[], offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] as number) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function wholeFunction(inner: Scope): FunctionAround | { why: string } {
  const own = functionOf(inner);
  const { kind, name, isAsync, isGenerator, isStrict, body, hasClash, hasEval, parameters } = own.code;
  if (!/^(?:function|method|arrow)$/.test(kind)) return { why: 'there is no function around this place' };
  if (isClosed(own)) return { why: 'inside `with` any name may be a property, and asm.js has to stay as it is' };
  if (body.from === body.to) return { why: 'the function is empty' };
  if (hasClash) return { why: 'a function declared in it shares its name with another of its variables' };
  if (hasEval && !isStrict) return { why: 'it calls `eval`, which may declare variables' };
  const entry = readableAt(own, body.from).filter(({ name }) => parameters.has(name) || !own.names.has(name));
  return { name, isAsync, isGenerator, body, entry };
}
