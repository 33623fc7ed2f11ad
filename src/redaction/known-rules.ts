import { markerPattern } from './marker.ts';
import type { RedactionPolicy } from './policy.ts';
import { rules } from './rules.ts';

/** Rules that say why something is hidden, not what it is. */
export const reasons: ReadonlySet<string> = new Set([
  'not-listed',
  'unscanned',
  'error',
  'derived',
  'computed-key',
  'joined-text',
  'hidden',
]);

/** The rule, when it is one of ours or the policy's; any other word is not repeated, because who sent it may say in it what was hidden. */
export function knownRule(policy: RedactionPolicy, rule: string): string {
  const isKnown =
    Object.hasOwn(rules, rule) || reasons.has(rule) || Object.hasOwn(policy.names, rule) || Object.hasOwn(policy.patterns, rule);
  return isKnown ? rule : 'hidden';
}

const markedRule = /^\[REDACTED:([a-z0-9-]+)/;

/** The text with only rules that are known in its markers. */
export function knownMarkers(policy: RedactionPolicy, text: string): string {
  if (!text.includes('[REDACTED:')) return text;
  return text.replace(markerPattern, (marker) => {
    const rule = markedRule.exec(marker)?.[1] ?? '';
    return knownRule(policy, rule) === rule ? marker : '[REDACTED:hidden]';
  });
}
