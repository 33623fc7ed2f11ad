import type { Tagged, Value } from '../protocol/value.ts';
import { isMarker } from './marker.ts';
import type { Session } from './session.ts';

/** Absence, booleans and what was never read say nothing worth hiding and much worth knowing. */
export function hidesByName(value: Value, secret: boolean): boolean {
  if (value === null || typeof value === 'boolean' || value === '') return false;
  if (typeof value !== 'object') return true;
  switch (value.$) {
    case 'object':
    case 'array':
    case 'map':
    case 'error':
      return secret;
    case 'undefined':
    case 'function':
    case 'getter':
    case 'proxy':
    case 'uninitialised':
    case 'unavailable':
    case 'cut':
    case 'redacted':
    case 'reference':
      return false;
    default:
      return true;
  }
}

/** Reasons that are no class of values: equal tags would compare values of different meaning. */
const untagged: ReadonlySet<string> = new Set(['unscanned', 'computed-key', 'joined-text']);

/** The value hidden for the sake of its name; what is a marker already stays. */
export function hideByName(session: Session, rule: string, value: Value): Value {
  if (typeof value === 'string' && isMarker(value)) return value;
  return hidden(session, rule, untagged.has(rule) ? undefined : textOf(value));
}

/** A value that is hidden for this rule; `value` is what equal values have in common. */
export const hidden = (session: Session, rule: string, value: string | undefined): Value => ({
  $: 'redacted',
  rule,
  marker: session.hide(rule, value),
});

/** What equal values have in common; containers have nothing short. */
function textOf(value: Value): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (value === null || typeof value === 'boolean') return undefined;
  if (value.$ === 'date') return value.iso;
  return value.$ === 'number' || value.$ === 'bigint' || value.$ === 'string' ? value.text : undefined;
}

/** Hidden by the agent, or by us before: a marker that is not in our form was not made by us. */
export function keepRedacted(value: Extract<Tagged, { $: 'redacted' }>): Value {
  const rule = /^[a-z][a-z0-9-]{0,39}$/.test(value.rule) ? value.rule : 'hidden';
  return {
    $: 'redacted',
    rule,
    marker: value.marker !== undefined && isMarker(value.marker) ? value.marker : `[REDACTED:${rule}]`,
  };
}
