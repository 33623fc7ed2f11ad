import type { Tagged, Value } from '../protocol/value.ts';
import { storable } from './clean.ts';
import { isCard } from './detectors/card.ts';
import { hidden, hideByName, hidesByName, keepRedacted } from './hidden-value.ts';
import { couldBeJson, parseJsonText, toJsonText } from './json-text.ts';
import { isMarker } from './marker.ts';
import { scan, type TextOptions } from './scan.ts';
import type { Session } from './session.ts';
import { atOnce, type Steps } from './steps.ts';

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
/** Longest of both, in characters. */
const maxFieldChars = Math.max(...[...nameFields, ...valueFields].map(({ length }) => length));
const isNameField = (field: string): boolean => field.length <= maxFieldChars && nameFields.has(field.toLowerCase());
const isValueField = (field: string): boolean => field.length <= maxFieldChars && valueFields.has(field.toLowerCase());
/** Longest text that is taken for a name beside its value. */
const maxNameChars = 64;

const whole: TextOptions = {};
const cutAtEnd: TextOptions = { cut: true };
const asLabel: TextOptions = { secretsOnly: true };

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
  return isContainer(value) ? atOnce(valueSteps(session, value, position)) : scrubLeaf(session, value, position);
}

/** The same in pieces: each `yield` is a place where others may have their turn. */
export function* valueSteps(session: Session, value: Value, position: Position): Steps<Value> {
  if (!isContainer(value)) {
    if (session.isDue()) yield;
    return scrubLeaf(session, value, position);
  }
  const judged = judge(session, value, position);
  if (judged !== undefined) return judged;
  try {
    return yield* scrubContainer(session, value, position);
  } catch {
    return hidden(session, 'error', undefined);
  }
}

function scrubLeaf(session: Session, value: Value, position: Position): Value {
  const judged = judge(session, value, position);
  if (judged !== undefined) return judged;
  try {
    return scrubContent(session, value, position);
  } catch {
    return hidden(session, 'error', undefined);
  }
}

/** The value hidden for the sake of its name or place; undefined when its content decides. */
function judge(session: Session, value: Value, position: Position): Value | undefined {
  if (!session.spendNode() || position.depth > maxDepth) return hidden(session, 'unscanned', undefined);
  try {
    const rule = ruleOf(session, position);
    return rule !== undefined && hidesByName(value, session.isSecret(rule)) ? hideByName(session, rule, value) : undefined;
  } catch {
    return hidden(session, 'error', undefined);
  }
}

type Container = Extract<Tagged, { $: 'object' | 'array' | 'map' | 'error' }>;

const isContainer = (value: Value): value is Container =>
  typeof value === 'object' &&
  value !== null &&
  (value.$ === 'object' || value.$ === 'array' || value.$ === 'map' || value.$ === 'error');

function ruleOf(session: Session, { name, outer }: Position): string | undefined {
  return name === undefined ? undefined : (session.nameRule(name) ?? session.innerRule(outer, name));
}

function scrubContent(session: Session, value: Value, position: Position): Value {
  if (typeof value === 'string') return scrubText(session, value, whole, position.level);
  if (typeof value === 'number') return couldBeHidden(session, value) ? (scrubNumber(session, String(value)) ?? value) : value;
  return value === null || typeof value === 'boolean' ? value : scrubTagged(session, value, position.level);
}

/** Cards have 13 digits and more, and no fraction. */
function couldBeHidden(session: Session, number: number): boolean {
  return session.hasOwnPatterns || number >= 1e12 || number <= -1e12;
}

/** The number hidden when it is a card's or one of the policy's own patterns fits; a sign does not make it another number. */
function scrubNumber(session: Session, number: string): Value | undefined {
  const rule = session.applies('card') && isCard(number.replace(/^-/, '')) ? 'card' : session.ownRule(number);
  return rule === undefined ? undefined : hidden(session, rule, number);
}

function scrubTagged(session: Session, value: Tagged, level: number): Value {
  switch (value.$) {
    case 'string':
      return { ...value, text: scrubText(session, value.text, cutAtEnd, level) };
    case 'bigint':
    case 'number':
      return scrubNumber(session, value.text) ?? { ...value, text: scrubText(session, value.text, asLabel, level) };
    case 'symbol':
    case 'regexp':
      return { ...value, text: scrubText(session, value.text, whole, level) };
    case 'function':
      return { ...value, name: scrubText(session, value.name, asLabel, level) };
    case 'reference':
      return { ...value, path: scrubText(session, value.path, whole, level) };
    case 'date':
      return { ...value, iso: scrubText(session, value.iso, asLabel, level) };
    case 'cut':
      return { ...value, ...classOf(session, value.className, level) };
    case 'redacted':
      return keepRedacted(value);
    default:
      return value;
  }
}

function* scrubContainer(session: Session, value: Container, position: Position): Steps<Value> {
  const { level } = position;
  switch (value.$) {
    case 'object': {
      const className = classOf(session, value.className, level);
      return { ...value, ...className, fields: yield* scrubFields(session, value.fields, position) };
    }
    case 'error': {
      const stack = value.stack === undefined ? {} : { stack: scrubText(session, value.stack, whole, level) };
      return {
        ...value,
        className: scrubText(session, value.className, asLabel, level),
        message: scrubText(session, value.message, whole, level),
        ...stack,
        fields: yield* scrubFields(session, value.fields, position),
      };
    }
    case 'array': {
      const className = classOf(session, value.className, level);
      return { ...value, ...className, elements: yield* scrubElements(session, value.elements, position) };
    }
    case 'map': {
      const className = classOf(session, value.className, level);
      const entries: [Value, Value][] = [];
      for (const [key, entry] of value.entries) entries.push(yield* scrubEntry(session, key, entry, position));
      return { ...value, ...className, entries };
    }
  }
}

function classOf(session: Session, className: string | undefined, level: number): { className?: string } {
  return className === undefined ? {} : { className: scrubText(session, className, asLabel, level) };
}

/*
 * Names are judged as they are shown, after their own secrets are hidden: so a second pass comes to the same result.
 */

/** The name to judge by. A pattern of the policy's own can hide in a name what gives its value away; then it is the one that was there. */
function telling(session: Session, original: string, shown: string, outer: string | undefined): string {
  if (!session.hasOwnPatterns) return shown;
  return (session.nameRule(shown) ?? session.innerRule(outer, shown)) === undefined ? original : shown;
}

function* scrubFields(
  session: Session,
  fields: [string, Value][],
  { name: outer, depth, level }: Position,
): Steps<[string, Value][]> {
  const inside = { outer, depth: depth + 1, level };
  const shown: [string, Value][] = [];
  for (const [field, value] of fields) {
    const name = scrubText(session, field, whole, level);
    shown.push([name, isNameField(field) ? yield* valueSteps(session, value, { ...inside, name }) : value]);
  }
  const said = nameSaid(session, fields) ?? nameSaid(session, shown);
  for (const [at, pair] of shown.entries()) {
    const [name, value] = pair;
    const field = fields[at]?.[0] ?? name;
    if (isNameField(field)) continue;
    const own = said !== undefined && isValueField(field) ? said : telling(session, field, name, outer);
    pair[1] = yield* valueSteps(session, value, { ...inside, name: own });
  }
  return shown;
}

/** The hidden name that a sibling spells out, as in `{ name: 'password', value: … }`. */
function nameSaid(session: Session, shown: [string, Value][]): string | undefined {
  for (const [field, value] of shown) {
    if (typeof value !== 'string' || value.length > maxNameChars || !isNameField(field)) continue;
    if (session.nameRule(value) !== undefined) return value;
  }
  return undefined;
}

function* scrubElements(session: Session, elements: Value[], { name, outer, depth, level }: Position): Steps<Value[]> {
  const pairs = elements.length === 2 || /^(?:raw_?headers|raw_?trailers)$/i.test(name ?? '');
  const shown: Value[] = [];
  for (const [at, element] of elements.entries()) {
    const isName = (before: Value | undefined): before is string =>
      typeof before === 'string' && before.length <= maxNameChars && (/^--?[A-Za-z]/.test(before) || (pairs && at % 2 === 1));
    const said = [elements[at - 1], shown.at(-1)].find(
      (before): before is string => isName(before) && session.nameRule(before) !== undefined,
    );
    shown.push(yield* valueSteps(session, element, { name: said ?? name, outer, depth: depth + 1, level }));
  }
  return shown;
}

function* scrubEntry(session: Session, key: Value, value: Value, { name: outer, depth, level }: Position): Steps<[Value, Value]> {
  const inside = { outer, depth: depth + 1, level };
  const shown = yield* valueSteps(session, key, inside);
  if (typeof shown !== 'string') return [shown, yield* valueSteps(session, value, inside)];
  const name = telling(session, typeof key === 'string' ? key : shown, shown, outer);
  return [shown, yield* valueSteps(session, value, { ...inside, name })];
}

/**
 * One text of the program with its secrets hidden: as JSON when it is JSON (re-serialised only when something was
 * hidden), else as text. A failure hides all of it.
 */
export function scrubText(session: Session, original: string, options: TextOptions = whole, level = 0): string {
  if (options.cut !== true && session.isKnownClean(original)) return original;
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
    if (text === original && options === whole && !couldBeJson(text)) session.rememberClean(text);
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
  return scrubText(session, text, asLabel);
}
