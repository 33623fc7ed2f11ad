import type { Tagged, Value } from '../protocol/value.ts';
import { knownMarkers, knownRule } from './known-rules.ts';
import { isMarker } from './marker.ts';
import type { Session } from './session.ts';

/** What was never read, or is not there: it says nothing worth hiding and much worth knowing. */
export const saysLittle: ReadonlySet<Tagged['$']> = new Set([
  'undefined',
  'function',
  'getter',
  'proxy',
  'uninitialised',
  'unavailable',
  'cut',
  'redacted',
]);
const containers: ReadonlySet<Tagged['$']> = new Set(['object', 'array', 'map', 'error']);

/** Numbers under such names that have fewer digits count something, or say which one it is: `pan: 12`, `addressLine: 2`. */
const leastDigits: Readonly<Record<string, number>> = {
  ...{ card: 4, iban: 4, 'bank-account': 4, ssn: 4, 'national-id': 4, phone: 4 },
  ...{ email: 16, 'person-name': 16, 'street-address': 16 },
};

/** Whether a name hides this value: not where it says little, and containers only for secrets. */
export function hidesByName(value: Value, secret: boolean, rule = ''): boolean {
  if (value === null || typeof value === 'boolean' || value === '') return false;
  if (typeof value === 'number') return Math.abs(value) >= 10 ** ((leastDigits[rule] ?? 0) - 1);
  if (typeof value !== 'object') return true;
  return containers.has(value.$) ? secret : value.$ !== 'reference' && !saysLittle.has(value.$);
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

/** Hidden by the agent, or by us before: a marker that is not in our form, or of no rule of ours, was not made by us. */
export function keepRedacted(session: Session, value: Extract<Tagged, { $: 'redacted' }>): Value {
  const rule = knownRule(session.policy, value.rule);
  const isOurs =
    value.marker !== undefined && isMarker(value.marker) && knownMarkers(session.policy, value.marker) === value.marker;
  return { $: 'redacted', rule, marker: isOurs ? (value.marker as string) : `[REDACTED:${rule}]` };
}
