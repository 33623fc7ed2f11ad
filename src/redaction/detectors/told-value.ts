import { plainWords } from './assigned-value.ts';

/** Rules whose value is told in a sentence as it is; texts behind the others are mostly names of them: `secret "db-login"`. */
const direct = new Set(['password', 'pin', 'otp', 'cvv']);
/** Shortest value of the other rules, in characters. */
const minTokenChars = 8;
/** How far before a name the word may stand that says that a value follows. */
const maxLeadChars = 24;
const lead =
  /\b(?:wrong|invalid|bad|incorrect|unknown|expired|got|with|using|entered|supplied|provided|tried|new|old|default|initial|temporary|temp|your|his|her)(?: (?:the|a|an|user|admin|root))? $/i;

/** Whether a text that a sentence puts beside the name of a secret is the secret, and not one more word about it. */
export function isTold(
  text: string,
  name: { start: number; end: number },
  value: { start: number; end: number; quoted: boolean },
  rule: string,
): boolean {
  const said = text.slice(value.start, value.end);
  if (plainWords.has(said.toLowerCase()) || isPlace(said)) return false;
  const hasDigit = /\d/.test(said);
  if (!direct.has(rule)) return isRandom(said);
  if (rule !== 'password') return hasDigit && said.length <= 12 && !/\s/.test(said);
  if (/\s/.test(said)) return hasDigit && value.quoted;
  if (said.length < 3 || /^[\w$.]*\(/.test(said)) return false;
  if (hasDigit || /[^\p{L}\p{N}._-]/u.test(said)) return true;
  if (/^[A-Z_]+$/.test(text.slice(name.start, name.end)) && value.quoted) return true;
  if (value.quoted) return lead.test(text.slice(Math.max(0, name.start - maxLeadChars), name.start));
  const isAnnounced = !/[>→➜⇒]/.test(text.slice(name.end, value.start));
  return isAnnounced && value.end === text.trimEnd().length && /^\p{L}+$/u.test(said) && said.length >= 5;
}

/** `ada@host`, a path, a file or an address: a sentence says where the secret is. */
const isPlace = (said: string): boolean =>
  /^(?:\.{0,2}\/|[a-z]{2,8}:\/\/|\[|\{|\$\{|#)/i.test(said) || /^[\w./-]+\.[a-z]{1,4}$/.test(said);

/** Letters and digits mixed inside one part of it: `k3v9xz81`, not `my-token-2` or `app.token`. */
function isRandom(said: string): boolean {
  if (said.length < minTokenChars || /\s/.test(said)) return false;
  return said.split(/[-_./:]/).some((part) => part.length >= 6 && /\d\w*[A-Za-z]/.test(part) && /[A-Za-z]/.test(part));
}
