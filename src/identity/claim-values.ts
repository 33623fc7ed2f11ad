/** What a provider says about somebody, as it came. */
export type Claims = Record<string, unknown>;

/** A claim by name, or by JSON Pointer (RFC 6901) where the name begins with a slash; undefined when there is none. */
export function claimAt(claims: Claims, from: string): unknown {
  if (!from.startsWith('/')) return own(claims, from);
  return from
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(own, claims);
}

/** Only what was sent: never what every object inherits, and of a list only its items. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(name)) return undefined;
  return Reflect.get(value, name);
}

/**
 * The values of a claim that can be compared. A text counts as a list of one, whole: it is never searched, nor split at commas or
 * blanks, so `"platform engineering"` is not `platform`. What is no text is no value.
 */
export function valuesOf(claim: unknown): string[] {
  const values = Array.isArray(claim) ? claim : [claim];
  return values.filter((value): value is string => typeof value === 'string');
}

const maxShownValues = 10;
const maxShownChars = 300;

/** A claim as a person may be shown it: one line of at most 300 characters. */
export function shownClaim(claim: unknown): string {
  if (claim === undefined) return 'nothing: the provider did not send it';
  const cut = Array.isArray(claim) && claim.length > maxShownValues ? [...claim.slice(0, maxShownValues), '…'] : claim;
  const text = printable(JSON.stringify(cut) ?? String(cut));
  return text.length > maxShownChars ? `${text.slice(0, maxShownChars)}…` : text;
}

/** One line without control, format and direction characters. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '').trim();
}
