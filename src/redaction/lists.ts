import type { Tagged, Value } from '../protocol/value.ts';
import { isAboutName, isPlainWord } from './said-values.ts';
import type { Session } from './session.ts';

/** A list as it was captured: it may have been longer. */
export type List = Extract<Tagged, { $: 'array' }>;

/** Longest text that is taken for a name before its value. */
const maxNameChars = 64;

/** Gives the hidden name that the element before says, which is a flag of a command, a header's or the first of a pair. */
export function nameBefore(session: Session, list: List, name: string | undefined, inEntries = false) {
  const isHeaders = name !== undefined && /^raw_?(?:headers|trailers)$/i.test(name);
  const isTwo = list.length === 2 && list.className !== 'Set';
  return (before: Value | undefined, at: number): string | undefined => {
    if (typeof before !== 'string' || before.length > maxNameChars) return undefined;
    const isNamed = (isHeaders && at % 2 === 1) || (before.startsWith('-') && /^--?[A-Za-z]/.test(before));
    if ((!isNamed && !isTwo) || session.nameRule(before) === undefined) return undefined;
    return isNamed || isPair(session, list.elements[1], before, inEntries) ? before : undefined;
  };
}

/** Whether a list of two, `['password', '…']`, is a name and its value, and no list of two words. */
function isPair(session: Session, value: Value | undefined, name: string, inEntries: boolean): boolean {
  if (typeof value !== 'string') return value !== undefined;
  return !isAboutName(session, name, value) && (inEntries || !isPlainWord(value));
}

/** Whether every element is a list of two that begins with a text, as `Object.entries` gives them. */
export const areEntries = (elements: readonly Value[]): boolean =>
  elements.length > 0 &&
  elements.every(
    (element) =>
      typeof element === 'object' && element?.$ === 'array' && element.length === 2 && typeof element.elements[0] === 'string',
  );

/** The text of a Map's key that can be a name: of a symbol its description, of a text that was cut what is left. */
export function textOfKey(key: Value): string | undefined {
  if (typeof key === 'string') return key;
  if (typeof key !== 'object' || key === null) return undefined;
  return key.$ === 'symbol' || key.$ === 'string' ? key.text : undefined;
}

/** Beside a login, the name `auth` says: a scheme, a kind of account. */
const scheme =
  /^(?:basic|digest|bearer|ntlm|negotiate|hawk|oauth|oidc|saml|ldap|kerberos|jwt|api-?key|session|cookie|none|login|aws|hmac|sha|v\d)/i;
const minTokenChars = 8;

const isLoginName = (name: string | undefined): boolean =>
  name !== undefined && (name.endsWith('uth') || name === 'AUTH') && /(?:^|[^A-Za-z])auth$|Auth$|^AUTH$/.test(name);

/** The rule of a text under a name such as `auth` or `proxyAuth`, when it is a login, `ada:…`, or a token. */
export function loginRule(name: string | undefined, value: Value): string | undefined {
  if (typeof value !== 'string' || !isLoginName(name) || scheme.test(value) || /^[./[]|:\/\/|\s/.test(value)) return undefined;
  const isToken = value.length >= minTokenChars && /\d/.test(value) && /[A-Za-z]/.test(value);
  return isToken || /^[^:]{1,128}:./.test(value) ? 'authorization' : undefined;
}

/** The name of the second element of a login, `auth: ['ada', '…']`. */
export function secondOfLogin({ elements, length }: List, name: string | undefined, at: number): string | undefined {
  if (at !== 1 || length !== 2 || !isLoginName(name)) return undefined;
  const isScheme = elements.some((element) => typeof element !== 'string' || scheme.test(element));
  return isScheme ? undefined : 'password';
}
