import { limits } from '../protocol/limits.ts';
import type { Tagged, Value } from '../protocol/value.ts';
import { storable } from './clean.ts';
import { isCard } from './detectors/card.ts';
import { isPublicName } from './detectors/public-names.ts';
import { hidden, hideByName, hidesByName, keepRedacted } from './hidden-value.ts';
import { couldBeJson, parseJsonText, toJsonText } from './json-text.ts';
import { keyLinesIn } from './key-lines.ts';
import { knownMarkers } from './known-rules.ts';
import { listedSecrets } from './listed-arguments.ts';
import { areEntries, type List, loginRule, nameBefore, secondOfLogin, textOfKey } from './lists.ts';
import { isMarker, withoutMarkers } from './marker.ts';
import { type Named, named, namesOf, type Position, ruleOf } from './position.ts';
import { isAboutName } from './said-values.ts';
import { scan, type TextOptions } from './scan.ts';
import type { Session } from './session.ts';
import { isHolding, isNaming, nameSaid } from './sibling-names.ts';
import { atOnce, type Steps } from './steps.ts';

/** Deepest nesting that is walked; agents stop at 3, JSON inside texts may go on. */
const maxDepth = 64;
/** Longer text is hidden unseen: no agent of ours sends more than `limits.maxStringChars`, but agents may lie. */
const maxTextChars = 1024 * 1024;
/** JSON inside JSON inside JSON …: logs wrap three times at most; deeper is searched as text. */
const maxJsonLevels = 4;
/** A marker can free what stood beside it, as a name at the end of a token; more rounds than this are never needed. */
const maxRounds = 8;
const whole: TextOptions = {};
const cutAtEnd: TextOptions = { cut: true };
const asLabel: TextOptions = { secretsOnly: true };
const publicText: TextOptions = { isPublic: true };
/** A text that is as long as agents let it be was probably cut there, which nothing else tells; what markers made longer was not. */
const upTo = (ceiling: number, text: string): TextOptions =>
  text.length >= ceiling && withoutMarkers(text).length >= ceiling ? cutAtEnd : whole;

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
    const rule = ruleOf(session, position) ?? loginRule(position.name, value) ?? loginRule(position.was, value);
    return rule !== undefined && hidesByName(value, session.isSecret(rule), rule) ? hideByName(session, rule, value) : undefined;
  } catch {
    return hidden(session, 'error', undefined);
  }
}

type Container = Extract<Tagged, { $: 'object' | 'array' | 'map' | 'error' }>;

const isContainer = (value: Value): value is Container =>
  typeof value === 'object' &&
  value !== null &&
  (value.$ === 'object' || value.$ === 'array' || value.$ === 'map' || value.$ === 'error');

function scrubContent(session: Session, value: Value, position: Position): Value {
  if (typeof value === 'string') {
    const { name, was } = position;
    const isPublic = name !== undefined && isPublicName(name) && (was === undefined || isPublicName(was));
    return scrubText(session, value, isPublic ? publicText : whole, position.level);
  }
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
      return { ...value, text: scrubText(session, value.text, upTo(limits.maxStringChars, value.text), level) };
    case 'function':
      return { ...value, name: scrubText(session, value.name, asLabel, level) };
    case 'reference':
      return { ...value, path: scrubText(session, value.path, whole, level) };
    case 'date':
      return { ...value, iso: scrubText(session, value.iso, asLabel, level) };
    case 'cut':
      return { ...value, ...classOf(session, value.className, level) };
    case 'redacted':
      return keepRedacted(session, value);
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
      const stack =
        value.stack === undefined
          ? {}
          : { stack: scrubText(session, value.stack, upTo(limits.maxErrorStackChars, value.stack), level) };
      return {
        ...value,
        className: scrubText(session, value.className, asLabel, level),
        message: scrubText(session, value.message, upTo(limits.maxMessageChars, value.message), level),
        ...stack,
        fields: yield* scrubFields(session, value.fields, position),
      };
    }
    case 'array': {
      const className = classOf(session, value.className, level);
      return { ...value, ...className, elements: yield* scrubElements(session, value, position) };
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
 * Names are judged as they are shown, after their own secrets are hidden, and never only as they were: so a second pass comes to the
 * same result.
 */

function* scrubFields(session: Session, fields: [string, Value][], position: Position): Steps<[string, Value][]> {
  const { depth, level } = position;
  const inside = { outer: namesOf(position), depth: depth + 1, level };
  const shown: [string, Value][] = [];
  let isChanged = false;
  for (const [field, value] of fields) {
    const name = scrubText(session, field, upTo(limits.maxNameChars, field), level);
    const seen = isNaming(field) ? yield* valueSteps(session, value, { ...inside, ...named(session, field, name) }) : value;
    isChanged ||= name !== field || seen !== value;
    shown.push([name, seen]);
  }
  const said = nameSaid(session, fields) ?? (isChanged ? nameSaid(session, shown) : undefined);
  for (const [at, pair] of shown.entries()) {
    const [name, value] = pair;
    const field = fields[at]?.[0] ?? name;
    if (isNaming(field)) continue;
    const isSaid = said !== undefined && isHolding(field) && !isAboutName(session, said, value);
    const natural = named(session, field, name);
    const own = isSaid && !saysMore(session, natural, said) ? { name: said } : natural;
    pair[1] = yield* valueSteps(session, value, { ...inside, ...own });
  }
  return shown;
}

/** Whether a field's own name is to be believed before what its siblings say: it names a secret, or they name none. */
function saysMore(session: Session, { name, was }: Named, said: string): boolean {
  const rule = session.nameRule(name) ?? (was === undefined ? undefined : session.nameRule(was));
  const saidRule = session.nameRule(said);
  return rule !== undefined && (session.isSecret(rule) || saidRule === undefined || !session.isSecret(saidRule));
}

function* scrubElements(session: Session, list: List, position: Position): Steps<Value[]> {
  const { name, was, outer, depth, level, inEntries } = position;
  const { elements } = list;
  const keyLines = keyLinesIn(elements);
  const listed = listedSecrets(elements, session.scanning(false));
  const inside = { outer, depth: depth + 1, level, ...(areEntries(elements) ? { inEntries: true } : {}) };
  const before = nameBefore(session, list, name, inEntries);
  const shown: Value[] = [];
  for (const [at, element] of elements.entries()) {
    const secret = listed?.get(at);
    if (secret !== undefined) {
      shown.push(hideByName(session, secret, element));
      continue;
    }
    if (keyLines?.has(at) && typeof element === 'string') {
      shown.push(hideByName(session, 'private-key', element));
      continue;
    }
    const said =
      before(elements[at - 1], at) ?? before(shown.at(-1), at) ?? secondOfLogin(list, name, at) ?? secondOfLogin(list, was, at);
    shown.push(yield* valueSteps(session, element, { ...inside, ...(said === undefined ? { name, was } : { name: said }) }));
  }
  return shown;
}

function* scrubEntry(session: Session, key: Value, value: Value, position: Position): Steps<[Value, Value]> {
  const { depth, level } = position;
  const inside = { outer: namesOf(position), depth: depth + 1, level };
  const shown = yield* valueSteps(session, key, inside);
  const [said, seen] = [textOfKey(key), textOfKey(shown)];
  const own = seen === undefined ? { name: said } : named(session, said ?? seen, seen);
  return [shown, yield* valueSteps(session, value, { ...inside, ...own })];
}

/**
 * One text of the program with its secrets hidden: as JSON when it is JSON (re-serialised only when something was
 * hidden), else as text. A failure hides all of it.
 */
export function scrubText(session: Session, original: string, options: TextOptions = whole, level = 0): string {
  if (options.cut !== true && session.isKnownClean(original)) return original;
  try {
    if (isMarker(original)) return knownMarkers(session.policy, original);
    if (original.length > maxTextChars) return session.hide('unscanned', undefined);
    let text = knownMarkers(session.policy, storable(original));
    for (let round = 0; round < maxRounds; round++) {
      const json = level >= maxJsonLevels ? undefined : scrubJson(session, text, level);
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
