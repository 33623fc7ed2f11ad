import type { ScopeVariables } from '../protocol/frames.ts';
import type { ExpressionResult, Value } from '../protocol/value.ts';
import { holdsCallerText } from './caller-text.ts';
import { type Path, type Reading, readingOf, type Shown } from './expression-paths.ts';
import { hideByName, hidesByName } from './hidden-value.ts';
import { isMarker, withoutMarkers } from './marker.ts';
import type { Session } from './session.ts';
import { scrubLabel, scrubText, scrubValue } from './walk.ts';

const never = (): boolean => false;

/** The caller's own text of an expression. */
export function scrubOwn(session: Session, expression: string): string {
  return session.tagging(never, () => scrubLabel(session, expression));
}

/**
 * The result of a watch expression, judged by the names its tree reads, by its content, and by its content without the text
 * that the expression itself put around a value. `scopes` are the scrubbed variables of the same hit, for keys.
 */
export function scrubExpression(session: Session, result: ExpressionResult, scopes: ScopeVariables[]): ExpressionResult {
  const expression = scrubOwn(session, result.expression);
  const reading = readingOf(withoutMarkers(expression), shownIn(scopes));
  if ('error' in result) {
    const { error } = result;
    // A key that cannot be known may be a value, and messages name keys.
    if (reading?.unknownKey && !isMarker(error)) return { expression, error: session.hide('computed-key', undefined) };
    if (reading === undefined && !isMarker(error)) return { expression, error: session.hide('unscanned', undefined) };
    return { expression, error: session.tagging(never, () => scrubText(session, error)) };
  }
  const scrubbed = (): Value => scrubResult(session, result.value, reading);
  return { expression, value: holdsCallerText(result.expression) ? session.tagging(never, scrubbed) : scrubbed() };
}

/** Hidden already: by the agent, or in a pass before. */
export const isHidden = (value: Value | undefined): value is Extract<Value, { $: 'redacted' }> =>
  typeof value === 'object' && value !== null && value.$ === 'redacted';

function scrubResult(session: Session, value: Value, reading: Reading | undefined): Value {
  if (reading === undefined) return isHidden(value) ? value : hideByName(session, 'unscanned', value);
  const { paths, mixed } = reading;
  const named = judge(session, paths);
  if (named !== undefined && hidesByName(value, session.isSecret(named), named)) return hideByName(session, named, value);
  if (paths.some(({ open, assembled }) => open || assembled) && hidesByName(value, false))
    return hideByName(session, 'computed-key', value);
  if (mixed && isText(value)) return hideByName(session, 'joined-text', value);
  let scrubbed = withoutJoins(session, value, reading);
  for (const { name, outer } of positionsOf(paths)) {
    const container = outer === undefined ? {} : { outer: [outer] };
    scrubbed = scrubValue(session, scrubbed, { name, ...container, depth: 0, level: 0 });
  }
  return scrubbed;
}

/** The rule of a hidden name anywhere on a path; secrets first, because they hide whole containers. */
function judge(session: Session, paths: Path[]): string | undefined {
  const found = paths.flatMap(({ names }) => session.rulesOn(names));
  return found.find((rule) => session.isSecret(rule)) ?? found.at(-1);
}

/** Where the result stands, so that what is inside a container is judged as it would be among the variables. */
function positionsOf(paths: Path[]): { name?: string; outer?: string }[] {
  const places = new Map<string, { name?: string; outer?: string }>();
  for (const { names, open } of paths) {
    if (!open) places.set(JSON.stringify(names.slice(-2)), { name: names.at(-1), outer: names.at(-2) });
  }
  return places.size === 0 ? [{}] : [...places.values()];
}

const isText = (value: Value): value is string | Extract<Value, { $: 'string' }> =>
  typeof value === 'string' || (typeof value === 'object' && value !== null && value.$ === 'string');

/** What is found in a text once the constants around it are taken off, such as a token in `'x' + token`. */
function withoutJoins(session: Session, value: Value, { joins }: Reading): Value {
  if (!isText(value)) return value;
  const cut = typeof value !== 'string';
  let text = cut ? value.text : value;
  for (const { before, after } of joins) {
    const from = text.startsWith(before) ? before.length : 0;
    const to = !cut && text.endsWith(after) && text.length - after.length >= from ? text.length - after.length : text.length;
    if (from > 0 || to < text.length)
      text = text.slice(0, from) + scrubText(session, text.slice(from, to), { cut }) + text.slice(to);
  }
  return cut ? { ...value, text } : text;
}

/** Texts and numbers of variables, the inner scope first; what is hidden is not known. */
export function shownIn(scopes: ScopeVariables[]): Shown {
  return (variable) => {
    const found = scopes.flatMap(({ variables }) => variables).find(([name]) => name === variable)?.[1];
    if (typeof found === 'number') return found;
    return typeof found === 'string' && withoutMarkers(found) === found ? found : undefined;
  };
}
