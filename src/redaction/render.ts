import type { CaptureData, Place } from '../protocol/frames.ts';
import type { Tagged, Value } from '../protocol/value.ts';
import { cleanLabel, visible } from './clean.ts';

/** A value as plain JSON for people and models; what JSON cannot say is an object with `$type`, `$cut` or `$ref`. */
export type Rendered = null | boolean | number | string | Rendered[] | { [name: string]: Rendered };

export interface RenderedFrame {
  function: string;
  file: string;
  line: number;
  column?: number;
}

/** One hit as an answer shows it. Everything in it came from the program: untrusted. */
export interface RenderedHit {
  /** 1, 2, … over all agents of the action. */
  number: number;
  agentId: string;
  agentName: string;
  /** ISO 8601, by the agent's clock. */
  capturedAt: string;
  at: Place;
  stack: RenderedFrame[];
  /** By name, inner scopes first; `this` among them. */
  variables: Record<string, Rendered>;
  expressions: ({ expression: string; value: Rendered } | { expression: string; error: string })[];
  pauseMicros: number;
  /** Of a duration above its threshold: how long the span took. */
  durationMicros?: number;
  /** Ceilings met while reading. */
  cut: string[];
  /** Values hidden, by rule. */
  redacted: Record<string, number>;
}

const maxFileChars = 400;
const maxNameChars = 200;

/** What an answer shows of a scrubbed capture. */
export function renderCapture(
  data: CaptureData,
): Pick<RenderedHit, 'at' | 'stack' | 'variables' | 'expressions' | 'pauseMicros' | 'durationMicros' | 'cut' | 'redacted'> {
  const variables: Record<string, Rendered> = {};
  // The inner scope is read first, and what it shadows is not what the line sees.
  for (const [name, value] of [...data.scopes.flatMap((scope) => scope.variables), ...named('this', data.this)]) {
    const key = keyOf(name);
    if (!Object.hasOwn(variables, key)) variables[key] = render(value);
  }
  return {
    at: renderPlace(data.at),
    stack: data.stack.map(({ function: name, file, line, column }) => ({
      function: cleanLabel(name, maxNameChars),
      file: cleanLabel(file, maxFileChars),
      line,
      ...(column === undefined ? {} : { column }),
    })),
    variables,
    expressions: data.expressions.map((result) => {
      const expression = visible(result.expression);
      return 'error' in result ? { expression, error: visible(result.error) } : { expression, value: render(result.value) };
    }),
    pauseMicros: data.pauseMicros,
    ...(data.durationMicros === undefined ? {} : { durationMicros: data.durationMicros }),
    cut: [...data.cut],
    redacted: { ...data.redacted },
  };
}

function named(name: string, value: Value | undefined): [string, Value][] {
  return value === undefined ? [] : [[name, value]];
}

function renderPlace({ file, line, column, function: name, text }: Place): Place {
  return {
    file: cleanLabel(file, maxFileChars),
    line,
    ...(column === undefined ? {} : { column }),
    ...(name === undefined ? {} : { function: cleanLabel(name, maxNameChars) }),
    ...(text === undefined ? {} : { text: cleanLabel(text, maxFileChars) }),
  };
}

/** A value as plain JSON. */
export function render(value: Value): Rendered {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  return typeof value === 'string' ? visible(value) : renderTagged(value);
}

function renderTagged(value: Tagged): Rendered {
  switch (value.$) {
    case 'object':
      return { ...classOf(value.className), ...renderFields(value.fields), ...more(value.more, 'fields') };
    case 'array':
      return renderArray(value);
    case 'map': {
      const entries = value.entries.map(([key, entry]): Rendered => [render(key), render(entry)]);
      return {
        $type: visible(value.className ?? 'Map'),
        entries,
        size: value.size,
        ...more(value.size - entries.length, `of ${value.size}`),
      };
    }
    case 'error': {
      const error: { [name: string]: Rendered } = { $type: visible(value.className), message: visible(value.message) };
      if (value.stack !== undefined) error.stack = visible(value.stack);
      if (value.fields.length > 0) error.fields = renderFields(value.fields);
      return error;
    }
    case 'string':
      return { $type: 'string', text: visible(value.text), length: value.length };
    case 'date':
      return { $type: 'Date', iso: visible(value.iso) };
    case 'regexp':
      return { $type: 'RegExp', text: visible(value.text) };
    case 'function':
      return { $type: 'function', name: visible(value.name) };
    case 'number':
    case 'bigint':
    case 'symbol':
      return { $type: value.$, text: visible(value.text) };
    case 'reference':
      return { $ref: visible(value.path) };
    case 'cut':
      return { $cut: value.why, ...classOf(value.className) };
    case 'redacted':
      return value.marker ?? `[REDACTED:${visible(value.rule)}]`;
    default:
      return { $type: value.$ };
  }
}

function renderArray({ className, length, elements }: Extract<Tagged, { $: 'array' }>): Rendered {
  const shown = elements.map(render);
  const all = length > shown.length ? [...shown, more(length - shown.length, `of ${length}`)] : shown;
  return className === undefined || className === 'Array' ? all : { $type: visible(className), length, elements: all };
}

function more(count: number | undefined, what: string): { $cut?: string } {
  return count === undefined || count <= 0 ? {} : { $cut: `${count} more ${what}` };
}

function classOf(className: string | undefined): { $type?: string } {
  return className === undefined || className === 'Object' ? {} : { $type: visible(className) };
}

function renderFields(fields: [string, Value][]): { [name: string]: Rendered } {
  const rendered: { [name: string]: Rendered } = {};
  for (const [name, value] of fields) rendered[freeKey(rendered, keyOf(name))] = render(value);
  return rendered;
}

/** A program's own `$type` must not pass for ours, and a `__proto__` must not reach code that assigns it. */
function keyOf(name: string): string {
  if (name === '__proto__') return '$$__proto__';
  return visible(name.startsWith('$') ? `$$${name.slice(1)}` : name);
}

/** Two keys can become one when parts of them are hidden. */
function freeKey(taken: { [name: string]: Rendered }, key: string): string {
  let free = key;
  for (let count = 2; Object.hasOwn(taken, free); count++) free = `${key} (${count})`;
  return free;
}
