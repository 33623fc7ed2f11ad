import { wordsOf } from '../protocol/names.ts';
import type { Value } from '../protocol/value.ts';
import type { Session } from './session.ts';

/** Last words of fields that say which name a value has, in lists of headers, variables and cookies, in form fields and problems with them. */
const naming = new Set(
  'name key field header param parameter property prop variable attribute attr column path pointer setting label title id'.split(
    ' ',
  ),
);
/** Those that also hold ids, captions and places: only a name at their end names something. */
const loose = new Set(['label', 'title', 'id']);
/** Last words of fields that hold the value. */
const holding = new Set(
  (
    'value values val content data text current previous old new default before after received raw input actual got given provided ' +
    'entered submitted original expected plain from to lhs rhs was now'
  ).split(' '),
);
/** Behind a name it is still the same value: `password_confirmation`. */
const qualifiers = new Set(
  'confirm confirmation confirmed again repeat repeated retype verify value text old new current hash plain'.split(' '),
);
/** What begins the caption of a button or link. */
const actions = new Set(
  'reset change forgot forgotten lost remember recover update show hide send delete create manage toggle request'.split(' '),
);
/** Siblings of the path of a request: it is no path to a value. */
const ofRequests = new Set(['method', 'url', 'host', 'hostname', 'status', 'statusCode', 'headers', 'query', 'verb']);

/** Longest text that is taken for a name, and longest name of a field that is looked at, in characters. */
const maxNameChars = 64;
const maxFieldChars = 32;
const maxPathParts = 16;
const maxNameWords = 3;
const pathSigns = /[/.[\]'"]/;
const sourceFile = /\.(?:[cm]?[jt]sx?|py|go|java|rb|rs|php|cs|kt|swift|vue|css|html|md)$/i;

type Role = 'naming' | 'loose' | 'holding' | undefined;
const roles = new Map<string, Role>([
  ...[...holding].map((word) => [word, 'holding'] as const),
  ...[...naming].map((word) => [word, 'naming'] as const),
  ...[...loose].map((word) => [word, 'loose'] as const),
]);
const maxRoleChars = Math.max(...[...roles.keys()].map(({ length }) => length));

/** By the last word of the field, as `wordsOf` tells words; every field of a capture is asked, so nothing is made for most of them. */
function roleOf(field: string): Role {
  if (field.length > maxFieldChars) return undefined;
  let end = field.length;
  while (end > 0 && !isLetter(field.charCodeAt(end - 1))) end--;
  let start = end;
  while (start > 0 && isLetter(field.charCodeAt(start - 1))) {
    start--;
    if (end - start > maxRoleChars) return undefined;
    if (beginsWord(field, start, end)) break;
  }
  return roles.get(field.slice(start, end).toLowerCase());
}

const isUpper = (code: number): boolean => code >= 65 && code <= 90;
/** Letters beyond ASCII belong to a word and do not begin one. */
const isLower = (code: number): boolean => (code >= 97 && code <= 122) || code >= 0xc0;
const isLetter = (code: number): boolean => isLower(code) || isUpper(code);

function beginsWord(field: string, at: number, end: number): boolean {
  if (!isUpper(field.charCodeAt(at))) return false;
  return (at > 0 && isLower(field.charCodeAt(at - 1))) || (at + 1 < end && isLower(field.charCodeAt(at + 1)));
}

/** Whether a field says the name of a value that stands beside it. */
export function isNaming(field: string): boolean {
  const role = roleOf(field);
  return role === 'naming' || role === 'loose';
}

/** Whether a field holds the value that a sibling names. */
export const isHolding = (field: string): boolean => roleOf(field) === 'holding';

/** The hidden name that a field spells out for its siblings, as in `{ path: ['user', 'password'], value: … }`. */
export function nameSaid(session: Session, fields: readonly (readonly [string, Value])[]): string | undefined {
  for (const [field, value] of fields) {
    const role = roleOf(field);
    if (role !== 'naming' && role !== 'loose') continue;
    const said = typeof value === 'string' ? saidBy(session, value, role, fields) : saidByList(session, value);
    if (said !== undefined) return said;
  }
  return undefined;
}

function saidBy(session: Session, text: string, role: Role, fields: readonly (readonly [string, Value])[]): string | undefined {
  if (text.length > maxNameChars) return undefined;
  const isHidden = session.nameRule(text) !== undefined;
  const isPath = pathSigns.test(text);
  if ((!isHidden && !isPath) || sourceFile.test(text) || (role === 'loose' && !endsInName(session, text))) return undefined;
  if (!text.includes('/')) return isHidden ? text : lastHidden(session, text.split(/[.[\]'"]+/));
  if (text.includes('://')) return undefined;
  if (fields.some(([field]) => ofRequests.has(field))) return undefined;
  return lastHidden(session, text.split(/[/.[\]'"]+/));
}

function saidByList(session: Session, value: Value): string | undefined {
  if (typeof value !== 'object' || value === null || value.$ !== 'array' || value.elements.length > maxPathParts)
    return undefined;
  const names = value.elements.filter((part): part is string => typeof part === 'string' && part.length <= maxNameChars);
  return lastHidden(session, names);
}

/** Of a path, the name that hides what it leads to: a secret's anywhere, any other at the end. Its length says little. */
function lastHidden(session: Session, parts: readonly string[]): string | undefined {
  const names = parts.filter((part) => /\p{L}/u.test(part));
  const last = names.length - 1;
  if (names[last] === 'length') return undefined;
  for (let at = last; at >= 0; at--) {
    const name = names[at] as string;
    const rule = session.nameRule(name);
    if (rule !== undefined && (at === last || session.isSecret(rule))) return name;
    if (at > 0 && session.innerRule(names[at - 1], name) !== undefined) return `${names[at - 1]} ${name}`;
  }
  return undefined;
}

/** Whether the last words are a hidden name: `New password`, `Password (again)`, and not `Reset password`, `password-reset-mail`. */
function endsInName(session: Session, text: string): boolean {
  const words = wordsOf(text);
  if (actions.has(words[0] ?? '')) return false;
  while (words.length > 1 && qualifiers.has(words.at(-1) ?? '')) words.pop();
  // The last word has a part in it, when the words before it say nothing by themselves.
  for (let count = 1; count <= maxNameWords; count++) {
    const isHidden = (end: number): boolean => session.nameRule(words.slice(-count, end).join(' ')) !== undefined;
    if (isHidden(words.length) && !isHidden(-1)) return true;
  }
  return false;
}
