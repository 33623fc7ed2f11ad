import type { Value } from '../protocol/value.ts';

const begin = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY/;
const end = '-----END ';
/** Lines of armour: base64, and what may stand above it. */
const armour = /^\s*(?:[A-Za-z0-9+/=]+|[A-Za-z-]{1,32}: [^\r\n]{0,128})\s*$/;

/** Beginnings of private keys that have several lines, each with what its last line begins with. */
const frames = [
  { begin, end },
  { begin: /PuTTY-User-Key-File-/, end: 'Private-MAC:' },
];
/** Longest private key with its frame, in characters. */
const maxKeyChars = 65_536;

/**
 * Where the private key ends that begins in the first line of a text of several, behind its last line; without an end behind the last line that
 * looks like one of it. Undefined when none begins there, 0 when that cannot be said before there is more text.
 */
export function keyEndIn(text: string, isWhole: boolean): number | undefined {
  const firstEnd = text.indexOf('\n') + 1;
  const line = text.slice(0, firstEnd);
  const frame = frames.find((each) => each.begin.test(line));
  if (frame === undefined) return undefined;
  const start = line.search(frame.begin);
  const within = text.slice(0, firstEnd + maxKeyChars);
  const close = within.indexOf(frame.end, start);
  const other = within.slice(firstEnd).search(frame.begin);
  if (close >= 0 && (other < 0 || firstEnd + other > close)) return behindLine(within, close, isWhole);
  if (other < 0 && !isWhole && within.length < firstEnd + maxKeyChars) return 0;
  let end = firstEnd;
  for (;;) {
    const next = behindLine(within, end, true);
    if (next === end || !armour.test(within.slice(end, next))) return end;
    end = next;
  }
}

function behindLine(text: string, at: number, isWhole: boolean): number {
  const end = text.indexOf('\n', at) + 1;
  return end === 0 && isWhole ? text.length : end;
}

/**
 * Which elements are lines of a private key that begins in another element: up to its end, or without one as long as they look like lines
 * of it.
 */
export function keyLinesIn(elements: readonly Value[]): ReadonlySet<number> | undefined {
  let found: Set<number> | undefined;
  let lastEnd: number | undefined;
  for (let at = 0; at < elements.length - 1; at++) {
    const line = elements[at];
    if (typeof line !== 'string' || !line.includes('-----BEGIN ') || !begin.test(line)) continue;
    if (line.indexOf(end, line.search(begin)) >= 0) continue;
    lastEnd ??= elements.findLastIndex((element) => hasEnd(element));
    const isClosed = at < lastEnd;
    found ??= new Set();
    while (at + 1 < elements.length) {
      const next = elements[at + 1];
      if (!isClosed && (typeof next !== 'string' || !armour.test(next))) break;
      at++;
      found.add(at);
      if (hasEnd(next)) break;
    }
  }
  return found;
}

const hasEnd = (line: Value | undefined): boolean => typeof line === 'string' && line.includes(end);
