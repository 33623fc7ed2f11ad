/** Longest value behind a name; the rest is judged by the other detectors. */
const maxValueChars = 65_536;

/** What stands behind a name and its separator. */
export interface AssignedValue {
  start: number;
  end: number;
  quoted: boolean;
}

const quotes = '"\'`';
/** What may stand between a separator and its value; within an element also ends of lines. */
const blanks = ' \t=>:';
const elementBlanks = ' \t=>:\r\n';
const maxBlanks = 24;
/** A name and its value in braces, in characters. */
const maxPairChars = 400;
/** The name of a parameter before its quote, in one case: in base64 that ends with a sign of equality both are mixed. */
const parameter = /(?:^|[\s,;])(?:[a-z_-]{2,32}|[A-Z_-]{2,32}|keyId)=\\{0,4}$/;
const maxParameterChars = 40;
/** Headers whose value has several parts up to the end of the line. */
export const wholeLine = new Set(['cookie', 'authorization']);
/** Rules of short codes: what is long or has no digit is none of them. */
export const codes = new Set(['pin', 'cvv', 'otp']);
/** What follows a name in prose, types and code without being its value. */
export const plainWords = new Set(
  (
    'true false null undefined none nil empty string number boolean bigint symbol object any unknown void never optional required missing ' +
    'invalid valid expired incorrect wrong must may should cannot can not is was has have the a an and or for in of to too at by from with without ' +
    'changed reset updated ok okay yes no set unset here there your this that it be bearer basic hidden redacted encrypted str int bool varchar text ' +
    'mismatch rejected accepted failed disabled enabled unavailable unused weak strong already still also only await new async function return'
  ).split(' '),
);
/** Roots of paths that read a secret from somewhere instead of being one. */
export const codeRoots = new Set(
  (
    'req request res response this self process config ctx context options opts env params props state body data settings args input user import os ' +
    'payload credentials event session auth headers values form fields account client app store secrets vault var local module vars env'
  ).split(' '),
);

/** Where the value behind a separator starts and ends. */
export function valueEnd(text: string, separatorEnd: number, rule: string): AssignedValue {
  let start = separatorEnd;
  const skipped = text[separatorEnd - 1] === '>' ? elementBlanks : blanks;
  const skipLimit = Math.min(text.length, separatorEnd + maxBlanks);
  while (start < skipLimit && skipped.includes(text[start] as string)) start++;
  let escapes = 0;
  while (text[start + escapes] === '\\') escapes++;
  const quote = text[start + escapes];
  if (quote !== undefined && quotes.includes(quote)) return quotedEnd(text, start + escapes + 1, quote, escapes);
  if (text.startsWith('%22', start)) start += 3;
  const braced = quote === '{' ? bracedEnd(text, separatorEnd, start) : undefined;
  if (braced !== undefined) return braced;
  const limit = Math.min(text.length, start + maxValueChars);
  let end = start;
  if (wholeLine.has(rule)) {
    end = endOfLine(text, start, limit);
  } else {
    while (end < limit && !' \t\r\n,;&|<>"\'`)}]'.includes(text[end] as string)) end++;
    while (end > start && '.:!?'.includes(text[end - 1] as string)) end--;
  }
  return { start, end, quoted: false };
}

/** Up to the closing quote with as many escapes before it as the opening one had; a missing one hides the rest. */
function quotedEnd(text: string, start: number, quote: string, escapes: number): AssignedValue {
  const limit = Math.min(text.length, start + maxValueChars);
  let slashes = 0;
  for (let at = start; at < limit; at++) {
    const character = text[at];
    if (character === '\\') {
      slashes++;
      continue;
    }
    if (character === quote && slashes <= escapes && (escapes > 0 || slashes % 2 === 0))
      return { start, end: at - slashes, quoted: true };
    slashes = 0;
  }
  return { start, end: limit, quoted: true };
}

/** Up to the end of the line, or to a quote that was open before; a quoted parameter, `token="…"`, belongs to the value. */
function endOfLine(text: string, start: number, limit: number): number {
  let end = start;
  for (; end < limit && text[end] !== '\r' && text[end] !== '\n'; end++) {
    const quote = text[end] as string;
    if (!quotes.includes(quote)) continue;
    if (!parameter.test(text.slice(Math.max(start, end - maxParameterChars), end))) return end;
    for (end++; end < limit && text[end] !== quote && text[end] !== '\r' && text[end] !== '\n'; end++);
    if (text[end] !== quote) return end;
  }
  return end;
}

/** `Pwd={a;b}` of a connection string: what stands between the braces, where a closing one is written twice. */
function bracedEnd(text: string, separatorEnd: number, start: number): AssignedValue | undefined {
  if (start !== separatorEnd || text[start - 1] !== '=') return undefined;
  const before = text.slice(Math.max(0, separatorEnd - maxPairChars), separatorEnd);
  if (!/(?:^|[;"'])\s{0,2}[\w ]{2,64}=$/.test(before)) return undefined;
  const inside = /^\{((?:[^{}\n]|\}\}|\{\{){1,256})\}(?=;|["'\s]|$)/.exec(text.slice(start, start + maxPairChars))?.[1];
  if (inside === undefined || /^\d{1,2}$/.test(inside)) return undefined;
  // A name in braces is one more placeholder, unless other pairs stand before it.
  if (/^[A-Za-z_$][\w$.]*$/.test(inside) && !/(?:^|[;"'])[\w ]{2,64}=[^;]{1,256};/.test(before)) return undefined;
  return { start: start + 1, end: start + 1 + inside.length, quoted: true };
}
