import type { CaptureData } from '../protocol/frames.ts';
import { wordsOf } from '../protocol/names.ts';
import type { ExpressionResult, Value } from '../protocol/value.ts';
import { plainPathOf, readsOf } from './expression-reads.ts';
import { saysLittle } from './hidden-value.ts';
import { isMarker, markerPattern, withoutMarkers } from './marker.ts';
import type { AllowList, RedactionPolicy } from './policy.ts';
import type { Session } from './session.ts';

/** Why a value is hidden that no allow-list names. */
export const notListed = 'not-listed';

/** Deepest nesting that is walked; what nests deeper is no capture of ours. */
const maxDepth = 64;
/** Longer names, and such with many digits, may be values: keys of an object that is used as a dictionary. */
const maxNameChars = 40;
const maxNameDigits = 3;
/** Where an object was shown first, without keys in quotes. */
const plainReference = /^[\w$#.[\]]{1,200}$/;

/** Whether the list names the value that these names lead to, or something around it. */
type Covers = (names: readonly string[]) => boolean;

const compiled = new WeakMap<RedactionPolicy, Covers | undefined>();

/** The names of a path; undefined when it is none. Elements of lists have the list's name, so `[]` says nothing and may be left out. */
export function parsePath(text: string): string[] | undefined {
  const names = text.split('.').map((name) => name.replace(/(?:\[\])+$/, ''));
  return names.every((name) => /^(?:\*|[\p{L}\p{N}_$#-]+)$/u.test(name)) ? names : undefined;
}

/** What all of the policy's lists name; undefined when it has none. */
function coversOf(policy: RedactionPolicy): Covers | undefined {
  if (compiled.has(policy)) return compiled.get(policy);
  const lists = policy.allowLists.map(compile);
  const covers = lists.length === 0 ? undefined : (names: readonly string[]) => lists.every((list) => list(names));
  compiled.set(policy, covers);
  return covers;
}

function compile({ names: phrases, paths: texts }: AllowList): Covers {
  const names = new Set(phrases.map(joined));
  const paths = texts.map((text) => parsePath(text) ?? []).filter((path) => path.length > 0);
  return (way) =>
    way.some((name) => names.has(joined(name))) ||
    paths.some((path) => path.length <= way.length && path.every((name, at) => name === '*' || name === way[at]));
}

const joined = (name: string): string => wordsOf(name).join('');

/** The capture without the values that no allow-list names; all of it when the policy has none. Types, sizes, absence and truth stay. */
export function onlyListed(session: Session, data: CaptureData): CaptureData {
  if (coversOf(session.policy) === undefined) return data;
  return {
    ...data,
    ...(data.this === undefined ? {} : { this: listedValue(session, data.this, ['this']) }),
    scopes: data.scopes.map(({ kind, variables }) => ({
      kind,
      variables: variables.map(([name, value]): [string, Value] => [name, listedValue(session, value, [name])]),
    })),
    expressions: data.expressions.map((result) => listedResult(session, result)),
  };
}

/** The result of an expression: judged like a variable when it only reads one, else hidden unless all it reads or asks about is listed. */
export function listedResult(session: Session, result: ExpressionResult): ExpressionResult {
  const covers = coversOf(session.policy);
  if (covers === undefined) return result;
  const expression = withoutMarkers(result.expression);
  const path = plainPathOf(expression);
  if (path !== undefined && 'value' in result) return { ...result, value: listedValue(session, result.value, path) };
  if (readsOf(expression)?.every(covers)) return result;
  if ('error' in result) return { ...result, error: listedText(session, result.error) };
  return { ...result, value: hide(session, result.value) };
}

/** Words that may quote a value, such as an error of the program: hidden under any allow-list. */
export function listedText(session: Session, text: string): string {
  return coversOf(session.policy) === undefined || isMarker(text) ? text : session.hide(notListed, undefined);
}

/** The value that these names lead to, from a variable on. */
export function listedValue(session: Session, value: Value, names: readonly string[], depth = 0): Value {
  const covers = coversOf(session.policy);
  if (covers === undefined || covers(names)) return value;
  if (value === null || typeof value === 'boolean' || value === '') return value;
  if (typeof value !== 'object' || depth > maxDepth) return hide(session, value);
  const inside = (each: Value, name?: string): Value =>
    listedValue(session, each, name === undefined ? names : [...names, name], depth + 1);
  const fields = (list: [string, Value][]) =>
    list.map(([name, field]): [string, Value] => [
      covers([...names, name]) ? name : listedName(session, name),
      inside(field, name),
    ]);
  switch (value.$) {
    case 'object':
      return { ...value, fields: fields(value.fields) };
    case 'array':
      return { ...value, elements: value.elements.map((element) => inside(element)) };
    case 'map':
      return {
        ...value,
        entries: value.entries.map(([key, entry]): [Value, Value] => {
          const isListed = typeof key === 'string' && covers([...names, key]);
          return [isListed ? key : inside(key), inside(entry, typeof key === 'string' ? key : undefined)];
        }),
      };
    case 'error': {
      const stack = value.stack === undefined ? {} : { stack: listedText(session, value.stack) };
      return { ...value, message: listedText(session, value.message), ...stack, fields: fields(value.fields) };
    }
    default:
      return saysLittle.has(value.$) || (value.$ === 'reference' && plainReference.test(value.path.replace(markerPattern, 'it')))
        ? value
        : hide(session, value);
  }
}

/** Names of fields say what there is to list; those that look like values are hidden as these are. */
function listedName(session: Session, name: string): string {
  const isName = /^[\p{L}_$#][\p{L}\p{N}_$-]*$/u.test(name) && name.length <= maxNameChars;
  return isName && name.replace(/\D/g, '').length <= maxNameDigits ? name : listedText(session, name);
}

function hide(session: Session, value: Value): Value {
  if (typeof value === 'string' && isMarker(value)) return value;
  if (typeof value === 'object' && value !== null && value.$ === 'redacted') return value;
  return { $: 'redacted', rule: notListed, marker: session.hide(notListed, undefined) };
}
