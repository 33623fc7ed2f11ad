import type { CaptureData, ScopeVariables } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { ExpressionResult, Value } from '../../protocol/value.ts';
import { mapHas, monotonicMs } from '../intrinsics.ts';
import type { Watch, Watched } from '../probes/watch.ts';
import type { ScopesAt } from '../source/scopes.ts';
import { Capture, type HiddenName } from './capture.ts';
import { isListed, type NamesAtPass, readName } from './condition.ts';
import { evaluate, type Lookup, thisName } from './evaluate.ts';
import { HiddenValue, NoValue } from './no-value.ts';
import { truthy } from './operators.ts';

/** Bytes of a hit left for its stack, its place and what frames it. */
const bytesBesideValues = 48 * 1024;

/** Whether a watch wants this pass: true, false, or why its condition has no value. */
export function wants(watch: Pick<Watch, 'condition'>, names: NamesAtPass, hidden: HiddenName): boolean | { error: string } {
  if (watch.condition === undefined) return true;
  try {
    return truthy(evaluate(watch.condition.node, lookupIn(names), hidden));
  } catch (error) {
    if (error instanceof NoValue) return { error: error.message };
    throw error;
  }
}

/** Reads everything a watch asks for at this pass, the most important first. */
export function captureFor(
  watch: Pick<Watch, 'expressions' | 'depth'>,
  scopes: ScopesAt,
  names: NamesAtPass,
  hidden: HiddenName,
  maxCaptureMs: number,
): Omit<CaptureData, 'at' | 'stack' | 'pauseMicros'> {
  const capture = new Capture(
    {
      depth: watch.depth,
      nodes: limits.maxNodes,
      bytes: limits.maxHitBytes - bytesBesideValues,
      deadlineMs: monotonicMs() + maxCaptureMs,
    },
    hidden,
  );
  const lookup = lookupIn(names);
  const expressions: ExpressionResult[] = [];
  for (let index = 0; index < watch.expressions.length; index += 1) {
    expressions[index] = evaluateInto(capture, watch.expressions[index] as Watched, lookup, hidden);
  }
  capture.forget();
  const self = readName(thisName, names);
  if (self.kind === 'value') capture.announce(self.value, thisName);
  const roots = readScopes(scopes, names);
  for (let index = 0; index < roots.length; index += 1) announce(capture, (roots[index] as Root).variables, hidden);
  const shownThis =
    self.kind === 'missing' || (self.kind === 'value' && (self.value === undefined || self.value === globalThis))
      ? undefined
      : capture.named(thisName, self, thisName, 1);
  const shown: ScopeVariables[] = [];
  for (let index = 0; index < roots.length; index += 1) {
    const { kind, variables } = roots[index] as Root;
    const values: [string, Value][] = [];
    for (let at = 0; at < variables.length; at += 1) {
      const { name, read } = variables[at] as Variable;
      values[at] = [capture.keep(name, limits.maxNameChars), capture.named(name, read, name, 1)];
    }
    if (values.length > 0) shown[shown.length] = { kind, variables: values };
  }
  return {
    ...(shownThis === undefined ? {} : { this: shownThis }),
    scopes: shown,
    expressions,
    cut: capture.cut,
    redacted: { ...capture.redacted },
  };
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
        gone[gone.length] = { name, read };
        continue;
      }
      present[present.length] = { name, read };
    }
    for (let at = 0; at < gone.length && present.length < limits.maxVariables; at += 1)
      present[present.length] = gone[at] as Variable;
    roots[roots.length] = { kind: scope.kind, variables: present };
  }
  return roots;
}

function announce(capture: Capture, variables: Variable[], hidden: HiddenName): void {
  for (let index = 0; index < variables.length; index += 1) {
    const { name, read } = variables[index] as Variable;
    if (read.kind === 'value' && hidden(name) === undefined) capture.announce(read.value, name);
  }
}

function evaluateInto(capture: Capture, { text, node }: Watched, lookup: Lookup, hidden: HiddenName): ExpressionResult {
  capture.forget();
  try {
    return { expression: text, value: capture.value(evaluate(node, lookup, hidden), text, 1) };
  } catch (error) {
    if (error instanceof HiddenValue) return { expression: text, value: capture.redact(error.rule) };
    if (error instanceof NoValue) return { expression: text, error: error.message };
    throw error;
  }
}

function lookupIn(names: NamesAtPass): Lookup {
  return (name) => {
    const read = readName(name, names);
    if (read.kind === 'value') return read.value;
    if (read.kind === 'uninitialised') throw new NoValue(`\`${name}\` is not initialised yet on this line.`);
    throw new NoValue(
      mapHas(names.positions, name)
        ? `The engine no longer has \`${name}\`: the function around the line does not use it.`
        : `\`${name}\` is not a variable in scope on this line.`,
    );
  };
}
