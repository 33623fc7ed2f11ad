import { SyncCompositeRedactor } from 'redact-pii/lib/SyncCompositeRedactor.js';

/*
 * redact-pii behind two narrow doors. Its defaults are never used: they rewrite order numbers, timestamps and plain words.
 * Its patterns are cubic (street addresses) and quadratic (names), so nobody may hand it more than `maxWindowChars`.
 * The deep import leaves out its Google client (57 MB); the build bundles what is imported here into dist.
 */

/** Longest text handed to redact-pii; at this length its worst pattern costs less than a millisecond. */
export const maxWindowChars = 120;

const builtIns = [
  'creditCardNumber',
  'streetAddress',
  'zipcode',
  'phoneNumber',
  'ipAddress',
  'usSocialSecurityNumber',
  'emailAddress',
  'username',
  'password',
  'credentials',
  'digits',
  'url',
  'names',
] as const;
/** Stands for what was found; a private-use character that window texts with one in them do not reach us. */
const found = '\ue000';

function only(wanted: (typeof builtIns)[number]): SyncCompositeRedactor {
  return new SyncCompositeRedactor({
    globalReplaceWith: found,
    builtInRedactors: Object.fromEntries(builtIns.map((name) => [name, { enabled: name === wanted }])),
  });
}

const streets = only('streetAddress');
const names = only('names');

/** Where redact-pii sees its first street address in this window. */
export const streetIn = (window: string): { start: number; end: number } | undefined => firstIn(streets, window);

/** Where redact-pii sees its first person's name in this window. */
export const nameIn = (window: string): { start: number; end: number } | undefined => firstIn(names, window);

function firstIn(redactor: SyncCompositeRedactor, window: string): { start: number; end: number } | undefined {
  if (window.length > maxWindowChars || window.includes(found)) return undefined;
  const redacted = redactor.redact(window);
  const start = redacted.indexOf(found);
  if (start < 0) return undefined;
  // redact-pii tells only the text afterwards: what follows its last replacement is also how the window ends.
  return { start, end: window.length - (redacted.length - redacted.lastIndexOf(found) - found.length) };
}
