import type { Node } from '../../protocol/expression.ts';
import type { CaptureData, ScopeVariables } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { ExpressionResult, Value } from '../../protocol/value.ts';
import { mapHas, monotonicMs, toNumber } from '../intrinsics.ts';
import type { ScopesAt } from '../source/scopes.ts';
import { Capture, type HiddenName, type Rules } from './capture.ts';
import { isListed } from './condition.ts';
import { type Compiled, compile, type Evaluation } from './evaluate.ts';
import { isLargeBigint } from './large.ts';
import { push } from './lists.ts';
import { type NamesAtPass, readName, thisName } from './names.ts';
import { HiddenValue, NoValue } from './no-value.ts';
import { truthy } from './operators.ts';
import { startWork } from './work.ts';

/** Bytes of a hit left for its stack, its place and what frames it. */
const bytesBesideValues = 48 * 1024;

/** A parsed condition or expression; what it was compiled to is kept with it. */
export interface Expression {
  text: string;
  node: Node;
  /** Names looked up in scope. */
  names: readonly string[];
  run?: Compiled;
}

/** Compiles an expression before the first pass needs it. */
export function prepare(expression: Expression): Compiled {
  expression.run ??= compile(expression.node);
  return expression.run;
}

/** Works out an expression at this pass. Throws `NoValue`. */
function workOut(expression: Expression, at: Evaluation): unknown {
  startWork();
  return (expression.run ?? prepare(expression))(at);
}

/** Whether a watch wants this pass: true, false, or why its condition has no value. */
export function wants(
  watch: { condition: Expression | undefined },
  names: NamesAtPass,
  hidden: HiddenName,
): boolean | { error: string } {
  if (watch.condition === undefined) return true;
  try {
    return truthy(workOut(watch.condition, { names, hidden, without: undefined }));
  } catch (error) {
    if (error instanceof NoValue) return { error: error.message };
    throw error;
  }
}

/** The number a metric measures at this pass, or why there is none; bigints become numbers. */
export function measure(
  watch: { expressions: readonly Expression[] },
  names: NamesAtPass,
  hidden: HiddenName,
): number | { error: string } {
  const expression = watch.expressions[0];
  if (expression === undefined) return { error: 'There is no expression.' };
  try {
    const value = workOut(expression, { names, hidden, without: undefined });
    const number = typeof value === 'bigint' && !isLargeBigint(value) ? toNumber(value) : value;
    if (typeof number === 'number' && number - number === 0) return number;
    return { error: typeof value === 'number' ? 'It is not a finite number.' : `It is not a number but ${typeOf(value)}.` };
  } catch (error) {
    if (error instanceof NoValue) return { error: error.message };
    throw error;
  }
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : value === undefined ? 'undefined' : `of type ${typeof value}`;
}

/** Reads everything a watch asks for at this pass, the most important first; without `scopes` the expressions only. */
export function captureFor(
  watch: { expressions: readonly Expression[]; depth: number },
  scopes: ScopesAt | undefined,
  names: NamesAtPass,
  rules: Rules,
  maxCaptureMs: number,
): Omit<CaptureData, 'at' | 'stack' | 'pauseMicros'> {
  const capture = new Capture(
    {
      depth: watch.depth,
      nodes: limits.maxNodes,
      bytes: limits.maxHitBytes - bytesBesideValues,
      deadlineMs: monotonicMs() + maxCaptureMs,
    },
    rules,
  );
  const { hidden } = rules;
  const expressions: ExpressionResult[] = [];
  const at: Evaluation = { names, hidden, without: undefined };
  for (let index = 0; index < watch.expressions.length; index += 1) {
    push(expressions, evaluateInto(capture, watch.expressions[index] as Expression, at));
  }
  const shown: ScopeVariables[] = [];
  const self = scopes === undefined ? undefined : readVariables(capture, scopes, names, hidden, shown);
  return {
    ...(self === undefined ? {} : { this: self }),
    scopes: shown,
    expressions,
    cut: capture.cut,
    redacted: { ...capture.redacted },
  };
}

/** Adds the variables of each scope to `shown`; gives `this`, where there is one. */
function readVariables(
  capture: Capture,
  scopes: ScopesAt,
  names: NamesAtPass,
  hidden: HiddenName,
  shown: ScopeVariables[],
): Value | undefined {
  capture.forget();
  const self = readName(thisName, names);
  if (self.kind === 'value') capture.announce(self.value, thisName);
  const roots = readScopes(scopes, names);
  for (let index = 0; index < roots.length; index += 1) announce(capture, (roots[index] as Root).variables, hidden);
  const shownThis =
    self.kind === 'missing' || (self.kind === 'value' && (self.value === undefined || self.value === globalThis))
      ? undefined
      : withPrivates(capture, capture.named(thisName, self, thisName, 1), scopes.privates, names);
  for (let index = 0; index < roots.length; index += 1) {
    const { kind, variables } = roots[index] as Root;
    const values: [string, Value][] = [];
    for (let at = 0; at < variables.length; at += 1) {
      const { name, read } = variables[at] as Variable;
      push(values, [capture.keep(name, limits.maxNameChars), capture.named(name, read, name, 1)]);
    }
    if (values.length > 0) push(shown, { kind, variables: values });
  }
  return shownThis;
}

/** Private fields among those of `this`, where it is opened. */
function withPrivates(capture: Capture, self: Value, privates: readonly string[], names: NamesAtPass): Value {
  if (typeof self !== 'object' || self === null || (self.$ !== 'object' && self.$ !== 'error' && self.$ !== 'function'))
    return self;
  const fields: [string, Value][] = [];
  for (let index = 0; index < privates.length && fields.length < limits.maxFields && !capture.isFull; index += 1) {
    const name = privates[index] as string;
    const read = readName(name, names);
    if (read.kind === 'missing') continue;
    push(fields, [capture.keep(name, limits.maxNameChars), capture.named(name, read, `${thisName}.${name}`, 2)]);
  }
  if (fields.length === 0) return self;
  if (self.$ === 'function') return { $: 'object', className: 'Function', fields };
  for (let index = 0; index < self.fields.length; index += 1) push(fields, self.fields[index] as [string, Value]);
  return { ...self, fields };
}

interface Variable {
  name: string;
  read: ReturnType<typeof readName>;
}
interface Root {
  kind: ScopeVariables['kind'];
  variables: Variable[];
}

/** The variables of each scope; in outer scopes those that V8 no longer has come last, or not at all. */
function readScopes(scopes: ScopesAt, names: NamesAtPass): Root[] {
  const roots: Root[] = [];
  for (let index = 0; index < scopes.scopes.length && index < limits.maxScopes; index += 1) {
    const scope = scopes.scopes[index] as ScopesAt['scopes'][number];
    const present: Variable[] = [];
    const gone: Variable[] = [];
    for (let at = 0; at < scope.names.length && present.length < limits.maxVariables; at += 1) {
      const { name, isCode } = scope.names[at] as { name: string; isCode: boolean };
      if (!mapHas(names.positions, name) || !isListed(scope.kind, isCode)) continue;
      const read = readName(name, names);
      // The name of a function expression is there only if the function uses it.
      if (isCode && read.kind === 'missing') continue;
      if (scope.kind === 'module') {
        if (read.kind !== 'value' || typeof read.value === 'function') continue;
      } else if (read.kind === 'missing' && scope.kind === 'closure') {
        push(gone, { name, read });
        continue;
      }
      push(present, { name, read });
    }
    for (let at = 0; at < gone.length && present.length < limits.maxVariables; at += 1) push(present, gone[at] as Variable);
    push(roots, { kind: scope.kind, variables: present });
  }
  return roots;
}

function announce(capture: Capture, variables: Variable[], hidden: HiddenName): void {
  for (let index = 0; index < variables.length; index += 1) {
    const { name, read } = variables[index] as Variable;
    if (read.kind === 'value' && hidden(name) === undefined) capture.announce(read.value, name);
  }
}

function evaluateInto(capture: Capture, expression: Expression, at: Evaluation): ExpressionResult {
  capture.forget();
  const { text } = expression;
  try {
    return { expression: text, value: capture.value(workOut(expression, at), text, 1) };
  } catch (error) {
    if (error instanceof HiddenValue) return { expression: text, value: capture.redact(error.rule) };
    if (error instanceof NoValue) return { expression: text, error: capture.keep(error.message, limits.maxMessageChars) };
    throw error;
  }
}
