import { createHmac } from 'node:crypto';
import { rules } from './rules.ts';

/** A marker as people see it: `[REDACTED:email#7caa81]`. */
export const markerPattern = /\[REDACTED:[a-z][a-z0-9-]{0,39}(?:#[0-9a-f]{6})?\]/g;
const wholeMarker = new RegExp(`^${markerPattern.source}$`);

/** Whether the text is one marker and nothing else. */
export const isMarker = (text: string): boolean => wholeMarker.test(text);

/** The text with a blank for each marker. */
export const withoutMarkers = (text: string): string => (text.includes('[REDACTED:') ? text.replace(markerPattern, ' ') : text);

/**
 * The marker of a hidden value. The tag is keyed (HMAC-SHA256, 24 bits shown): equal values of one class have equal tags
 * under one key. Without the key nobody can try values, so a caller's own words must get no tag (`Session.tagging`). Classes with
 * few possible values get none.
 */
export function markerOf(rule: string, value: string | undefined, tagKey: Uint8Array | string | undefined): string {
  const name = /^[a-z][a-z0-9-]{0,39}$/.test(rule) ? rule : 'hidden';
  const tagged = !Object.hasOwn(rules, name) || rules[name]?.tag === true;
  if (value === undefined || tagKey === undefined || !tagged) return `[REDACTED:${name}]`;
  const tag = createHmac('sha256', tagKey)
    .update(`${name}\0${normalise(name, value)}`)
    .digest('hex')
    .slice(0, 6);
  return `[REDACTED:${name}#${tag}]`;
}

/** Spellings of one value that people would call equal. */
function normalise(rule: string, value: string): string {
  switch (rule) {
    case 'email':
      return value.trim().replace('%40', '@').toLowerCase();
    case 'card':
    case 'ssn':
    case 'phone':
      return value.replace(/\D/g, '');
    case 'iban':
      return value.replace(/[ -]/g, '').toUpperCase();
    default:
      return value.trim();
  }
}
