/** A name that a script declares. */
export interface Declared {
  name: string;
  /** Functions, classes and imports: read only when an expression asks. */
  isCode: boolean;
  /** Offset behind its declaration, before which it is in its dead zone; -1 for what has none. */
  readyAfter: number;
}

/** A region of the source in which names live; `to` is the offset of its closing bracket, or behind an arrow function's expression. */
export interface Scope {
  kind: 'module' | 'function' | 'block' | 'catch' | 'class' | 'with';
  from: number;
  to: number;
  names: Map<string, Declared>;
  outer: Scope | undefined;
  /** Names its text mentions and others declare, once it is closed; `this` too. While it is open, all it mentions. */
  mentions: string[];
  /** Of functions, and of what V8 runs as one: a script, a static block, a field's value. */
  code?: Code;
  /** Of classes. */
  class?: ClassFacts;
  /** Of a `switch`: where its clauses begin. A name of another clause may be in its dead zone. */
  clauses?: number[];
  /** Functions of blocks, which code that is not strict sees in the whole function (ECMA-262, B.3.2). */
  lifted?: string[];
}

export interface ClassFacts {
  name: string;
  isDerived: boolean;
  /** Private fields; methods and accessors are not among them. */
  fields: { name: string; isStatic: boolean }[];
}

/** What is known of a function. */
export interface Code {
  /** As V8 names it: `get total`, and the class for its constructor. */
  name: string;
  kind: 'script' | 'function' | 'method' | 'arrow' | 'static' | 'field';
  /** Where it starts, with `async` or its key, and behind its end. */
  from: number;
  to: number;
  /** From behind directives to the closing brace, or the expression of an arrow function. */
  body: { from: number; to: number; isExpression: boolean };
  isAsync: boolean;
  isGenerator: boolean;
  isStrict: boolean;
  /** asm.js, which V8 compiles only as it was written. */
  isAsm: boolean;
  /** Of methods, static blocks and fields of a class. */
  home: ClassFacts | undefined;
  isStatic: boolean;
  /** Of constructors: whether `this` is there only behind `super(…)`, and where that was first called. */
  isDerived: boolean;
  superAt: number;
  parameters: Set<string>;
  /** Names that `var` declares, and functions right in its body. */
  vars: Set<string>;
  functions: Set<string>;
  /** A function of the body shares its name with a parameter, a `var` or another function. */
  hasClash: boolean;
  hasEval: boolean;
  /** Whether its last statement ends by the closing brace of the same line. */
  endsOpen: boolean;
}

export function newCode(kind: Code['kind'], from: number, facts: Partial<Code> = {}): Code {
  return {
    name: '',
    kind,
    from,
    to: from,
    body: { from, to: from, isExpression: false },
    isAsync: false,
    isGenerator: false,
    isStrict: false,
    isAsm: false,
    home: undefined,
    isStatic: false,
    isDerived: false,
    superAt: -1,
    parameters: new Set(),
    vars: new Set(),
    functions: new Set(),
    hasClash: false,
    hasEval: false,
    endsOpen: false,
    ...facts,
  };
}

export type DeclarationKind = 'parameter' | 'var' | 'lexical' | 'import' | 'class' | 'function';

/** The function a scope is in; the script itself is one. */
export function functionOf(scope: Scope): Scope & { code: Code } {
  let found = scope;
  while (found.code === undefined) found = found.outer as Scope;
  return found as Scope & { code: Code };
}

/** Declares a name as of `scope`. `isPlain` is false for generators and async functions. */
export function declare(scope: Scope, name: string, kind: DeclarationKind, isPlain = true): Declared {
  const home = kind === 'var' ? functionOf(scope) : scope;
  const isCode = kind === 'import' || kind === 'class' || kind === 'function';
  const known = home.names.get(name);
  // `var` over a parameter or a function is the same variable.
  if (kind === 'var' && known !== undefined) {
    if (home.code?.functions.has(name) === true) home.code.hasClash = true;
    home.code?.vars.add(name);
    return known;
  }
  const declared = { name, isCode, readyAfter: -1 };
  home.names.set(name, declared);
  const { code } = home;
  if (kind === 'parameter') code?.parameters.add(name);
  else if (kind === 'var') code?.vars.add(name);
  else if (kind === 'function') {
    if (code !== undefined) {
      if (code.functions.has(name) || code.vars.has(name) || code.parameters.has(name) || name === 'arguments')
        code.hasClash = true;
      code.functions.add(name);
    } else if (isPlain && !functionOf(scope).code.isStrict) {
      scope.lifted = [...(scope.lifted ?? []), name];
    }
  }
  return declared;
}

/** Ends a scope: what it mentions and does not declare, the one around it mentions. */
export function close(scope: Scope, to: number): void {
  scope.to = to;
  const { outer, code, names } = scope;
  if (outer === undefined) return;
  for (const name of scope.lifted ?? []) {
    // A name that a block in between declares stays inside; functions of that block are lifted by themselves.
    if (names.get(name)?.isCode === false) continue;
    if (outer.code !== undefined) {
      if (!outer.names.has(name)) declare(outer, name, 'var').isCode = true;
      else if (outer.code.functions.has(name)) outer.code.hasClash = true;
    } else if (!outer.names.has(name)) outer.lifted = [...(outer.lifted ?? []), name];
  }
  const ownsThis = code !== undefined && code.kind !== 'arrow';
  const left = new Set<string>();
  for (const name of scope.mentions) if (!names.has(name) && !(ownsThis && name === 'this')) left.add(name);
  for (const name of left) outer.mentions.push(name);
  scope.mentions = code === undefined ? [] : [...left];
}
