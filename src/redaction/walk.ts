import type { Tagged, Value } from '../protocol/value.ts';
import { storable } from './clean.ts';
import { isCard } from './detectors/card.ts';
import { parseJsonText, toJsonText } from './json-text.ts';
import { isMarker } from './marker.ts';
import { scan, type TextOptions } from './scan.ts';
import type { Session } from './session.ts';

/** Deepest nesting that is walked; agents stop at 3, JSON inside texts may go on. */
const maxDepth = 64;
/** Longer text is hidden unseen: no agent of ours sends more than `limits.maxStringChars`, but agents may lie. */
const maxTextChars = 1024 * 1024;
/** JSON inside JSON inside JSON …: logs wrap three times at most; deeper is searched as text. */
const maxJsonLevels = 4;
/** A marker can free what stood beside it, as a name at the end of a token; more rounds than this are never needed. */
const maxRounds = 8;
/** Fields that hold the name, and those that hold the value, in lists of headers, variables, cookies and form fields. */
const nameFields = new Set(['name', 'key', 'field', 'header', 'param', 'parameter', 'property', 'variable', 'attribute']);
const valueFields = new Set([
  'value',
  'values',
  'val',
  'content',
  'data',
  'text',
  'current',
  'previous',
  'old',
  'new',
  'default',
  'before',
  'after',
]);
/** Longest text that is taken for a name beside its value. */
const maxNameChars = 64;

/** Where a value stands. */
export interface Position {
  /** The name that leads to it: a field, a variable, a key; array elements have their array's. */
  name?: string;
  /** The name that leads to its container. */
  outer?: string;
  depth: number;
  /** How many texts of JSON it is inside of. */
  level: number;
}

/** A value with everything hidden that its name or its content gives away. Fails closed: an error hides the value. */
export function scrubValue(session: Session, value: Value, position: Position): Value {
  if (!session.spendNode() || position.depth > maxDepth) return hidden(session, 'unscanned', undefined);
  try {
    const rule = ruleOf(session, position);
    if (rule !== undefined && hidesByName(value, session.isSecret(rule))) return hideByName(session, rule, value);
    return scrubContent(session, value, position);
  } catch {
    return hidden(session, 'error', undefined);
  }
}

function ruleOf(session: Session, { name, outer }: Position): string | undefined {
  return name === undefined ? undefined : (session.nameRule(name) ?? session.innerRule(outer, name));
}

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

const hidden = (session: Session, rule: string, value: string | undefined): Value => ({
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

function scrubContent(session: Session, value: Value, position: Position): Value {
  if (typeof value === 'string') return scrubText(session, value, {}, position.level);
  if (typeof value === 'number') return isHiddenCard(session, String(value)) ? hidden(session, 'card', String(value)) : value;
  return value === null || typeof value === 'boolean' ? value : scrubTagged(session, value, position);
}

/** A sign does not make it another number. */
function isHiddenCard(session: Session, number: string): boolean {
  return session.applies('card') && isCard(number.replace(/^-/, ''));
}

function scrubTagged(session: Session, value: Tagged, position: Position): Value {
  const text = (each: string): string => scrubText(session, each, {}, position.level);
  const label = (each: string): string => scrubText(session, each, { secretsOnly: true }, position.level);
  const className = (): { className?: string } =>
    'className' in value && value.className !== undefined ? { className: label(value.className) } : {};
  switch (value.$) {
    case 'string':
      return { ...value, text: scrubText(session, value.text, { cut: true }, position.level) };
    case 'bigint':
    case 'number':
      return isHiddenCard(session, value.text) ? hidden(session, 'card', value.text) : { ...value, text: label(value.text) };
    case 'symbol':
    case 'regexp':
      return { ...value, text: text(value.text) };
    case 'function':
      return { ...value, name: label(value.name) };
    case 'reference':
      return { ...value, path: text(value.path) };
    case 'date':
      return { ...value, iso: label(value.iso) };
    case 'object':
      return { ...value, ...className(), fields: scrubFields(session, value.fields, position) };
    case 'error': {
      const stack = value.stack === undefined ? {} : { stack: text(value.stack) };
      return {
        ...value,
        className: label(value.className),
        message: text(value.message),
        ...stack,
        fields: scrubFields(session, value.fields, position),
      };
    }
    case 'array':
      return { ...value, ...className(), elements: scrubElements(session, value.elements, position) };
    case 'map':
      return {
        ...value,
        ...className(),
        entries: value.entries.map(([key, entry]) => scrubEntry(session, key, entry, position)),
      };
    case 'cut':
      return { ...value, ...className() };
    case 'redacted':
      return keepRedacted(value);
    default:
      return value;
  }
}

/** Hidden by the agent, or by us before: a marker that is not in our form was not made by us. */
function keepRedacted(value: Extract<Tagged, { $: 'redacted' }>): Value {
  const rule = /^[a-z][a-z0-9-]{0,39}$/.test(value.rule) ? value.rule : 'hidden';
  return {
    $: 'redacted',
    rule,
    marker: value.marker !== undefined && isMarker(value.marker) ? value.marker : `[REDACTED:${rule}]`,
  };
}

/*
 * Names are judged as they are shown, after their own secrets are hidden: so a second pass comes to the same result.
 */

function scrubFields(session: Session, fields: [string, Value][], { name: outer, depth, level }: Position): [string, Value][] {
  const inside = { outer, depth: depth + 1, level };
  const shown = fields.map(([field, value]): [string, Value] => {
    const name = scrubText(session, field, {}, level);
    return [name, nameFields.has(name.toLowerCase()) ? scrubValue(session, value, { ...inside, name }) : value];
  });
  const said = nameSaid(session, shown);
  return shown.map(([name, value]) => {
    const lower = name.toLowerCase();
    if (nameFields.has(lower)) return [name, value];
    return [name, scrubValue(session, value, { ...inside, name: said !== undefined && valueFields.has(lower) ? said : name })];
  });
}

/** The hidden name that a sibling spells out, as in `{ name: 'password', value: … }`. */
function nameSaid(session: Session, shown: [string, Value][]): string | undefined {
  for (const [field, value] of shown) {
    if (typeof value !== 'string' || value.length > maxNameChars || !nameFields.has(field.toLowerCase())) continue;
    if (session.nameRule(value) !== undefined) return value;
  }
  return undefined;
}

function scrubElements(session: Session, elements: Value[], { name, outer, depth, level }: Position): Value[] {
  const pairs = elements.length === 2 || /^(?:raw_?headers|raw_?trailers)$/i.test(name ?? '');
  const shown: Value[] = [];
  for (const element of elements) {
    const before = shown.at(-1);
    const isName =
      typeof before === 'string' &&
      before.length <= maxNameChars &&
      (/^--?[A-Za-z]/.test(before) || (pairs && shown.length % 2 === 1));
    const said = isName && session.nameRule(before) !== undefined ? before : undefined;
    shown.push(scrubValue(session, element, { name: said ?? name, outer, depth: depth + 1, level }));
  }
  return shown;
}

function scrubEntry(session: Session, key: Value, value: Value, { name: outer, depth, level }: Position): [Value, Value] {
  const inside = { outer, depth: depth + 1, level };
  const shown = scrubValue(session, key, inside);
  return [shown, scrubValue(session, value, typeof shown === 'string' ? { ...inside, name: shown } : inside)];
}

/**
 * One text of the program with its secrets hidden: as JSON when it is JSON (re-serialised only when something was
 * hidden), else as text. A failure hides all of it.
 */
export function scrubText(session: Session, original: string, options: TextOptions = {}, level = 0): string {
  if (isMarker(original)) return original;
  try {
    if (original.length > maxTextChars) return session.hide('unscanned', undefined);
    let text = storable(original);
    for (let round = 0; round < maxRounds; round++) {
      const json = options.cut || level >= maxJsonLevels ? undefined : scrubJson(session, text, level);
      const next = scan(session, json ?? text, options);
      if (next === text) break;
      text = next;
    }
    return text;
  } catch {
    return session.hide('error', undefined);
  }
}

/** Undefined when nothing was hidden as JSON. Either way the text is searched as text afterwards, which also sees repeated keys. */
function scrubJson(session: Session, text: string, level: number): string | undefined {
  const value = parseJsonText(text);
  if (value === undefined) return undefined;
  const before = session.hidden;
  const scrubbed = scrubValue(session, value, { depth: 0, level: level + 1 });
  return session.hidden === before ? undefined : toJsonText(scrubbed);
}

/** A label of the program (file, function, scope name): only secrets are looked for, so that places stay readable. */
export function scrubLabel(session: Session, text: string): string {
  return scrubText(session, text, { secretsOnly: true });
}
