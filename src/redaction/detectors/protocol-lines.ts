import { announcing } from './announcing.ts';
import { plainWords } from './assigned-value.ts';
import type { Detector, Finding } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';

/** What may stand before a command in its line: who speaks, a prompt, a quote, a time in brackets. */
const beforeCommand = /(?:^|\n|["'`] ?|(?:^|\n)[^\n]{0,40}(?:> ?|: |\] ))$/;
const maxBeforeChars = 44;
/** One argument: quoted or a word. */
const argument = '(?:"[^"\\n]{1,256}"|\'[^\'\\n]{1,256}\'|[^\\s"\'`,;]{1,512})';
/** An end of line, also as programs print it, or a closing quote. */
const end = '(?=[ \\t]{0,4}(?:$|\\r?\\n|\\\\r|\\\\n|["\'`]))';

/** An end of line of a protocol, also as programs print it, and what a server of mail says before it reads on. */
const crlf = '(?:\\r?\\n|\\\\r\\\\n)';
const challenge = `(?:[^\\n]{0,40}334[^\\n]{0,20}${crlf})?`;

/** How a command is known: surely, at the start of a line, or as an item of a list. */
type Certainty = 'sure' | 'line' | 'listed';

/** Commands that carry a secret as their last argument, which is the last group; those in front of it are none. */
const commands: Readonly<Record<string, readonly [Certainty, RegExp][]>> = {
  // Redis as it is typed, as MONITOR shows it, as a list and on the wire (RESP); SASL in SMTP, POP3 and IMAP.
  AUTH: [
    ['line', new RegExp(`\\bAUTH (${argument} )?(${argument})${end}`, 'gd')],
    ['sure', new RegExp(`\\bHELLO [23] AUTH (${argument}) (${argument})`, 'gd')],
    ['sure', /"AUTH" ("[^"\n]{1,256}" )?("[^"\n]{1,256}")/dg],
    ['listed', /["']AUTH["'], ?(["'][^"'\n]{1,256}["'], ?)?(["'][^"'\n]{1,256}["'])/dg],
    [
      'sure',
      new RegExp(
        `\\bAUTH${crlf}(\\$\\d{1,4}${crlf}[^\\r\\n\\\\]{1,512}${crlf}(?=\\$))?\\$\\d{1,4}${crlf}([^\\r\\n\\\\]{1,512})`,
        'gd',
      ),
    ],
    [
      'sure',
      new RegExp(`\\bAUTH(?:ENTICATE)? (PLAIN|XOAUTH2|OAUTHBEARER)(?: |${crlf})${challenge}([A-Za-z\\d+/]{8,4096}={0,2})`, 'gd'),
    ],
    [
      'sure',
      new RegExp(
        `\\bAUTH(?:ENTICATE)? LOGIN(?: |${crlf})(${challenge}[A-Za-z\\d+/]{2,256}={0,2}${crlf}${challenge})([A-Za-z\\d+/]{4,512}={0,2})`,
        'gd',
      ),
    ],
  ],
  // POP3 and FTP.
  PASS: [
    ['line', new RegExp(`\\bPASS( )([^\\s"'\`]{1,256})${end}`, 'gd')],
    [
      'sure',
      new RegExp(`\\bUSER [^\\r\\n]{1,128}(${crlf})(?:[^\\n]{0,128}\\r?\\n)?[^\\n]{0,40}?\\bPASS ([^\\r\\n\\\\]{1,256})`, 'gd'),
    ],
  ],
  // IMAP.
  LOGIN: [
    ['sure', new RegExp(`\\b[A-Za-z]{0,6}\\d{1,6} LOGIN (${argument}) (${argument})${end}`, 'gd')],
    ['line', new RegExp(`\\bLOGIN (${argument}) (${argument})${end}`, 'gd')],
  ],
};
const commandWords = announcing('auth|authenticate|pass|login|machine|default');
/** Lines of a .netrc file. */
const netrc =
  /\b(?:machine\s{1,8}[^\s]{1,128}|default)\s{1,16}(?:login\s{1,8}[^\s]{1,128}\s{1,16})?(?:account\s{1,8}[^\s]{1,128}\s{1,16})?password\s{1,8}("[^"\n]{1,256}"|[^\s"'`]{1,256})/dg;

/** Passwords in commands of Redis, POP3, FTP, IMAP and SMTP, and in .netrc files. */
export const protocolLines: Detector = {
  name: 'protocol-lines',
  kind: 'secret',
  couldHold: ({ length, announced }) => length >= 8 && (announced & commandWords) !== 0,
  find(text) {
    const findings: Finding[] = [];
    for (const [literal, patterns] of Object.entries(commands)) {
      if (!text.includes(literal)) continue;
      for (const [certainty, pattern] of patterns) {
        for (const { index, indices } of text.matchAll(pattern)) {
          if (certainty === 'line' && !beforeCommand.test(text.slice(Math.max(0, index - maxBeforeChars), index))) continue;
          add(findings, text, indices?.[2], certainty, text.slice(...(indices?.[1] ?? [0, 0])));
        }
      }
    }
    if (text.includes('password') && /\bmachine\s|\bdefault\s/.test(text)) {
      for (const { indices } of text.matchAll(netrc)) add(findings, text, indices?.[1], 'sure', '');
    }
    return findings;
  },
};

/** `before` is the argument in front of it. What is not sure may be prose, or the result of a test. */
function add(findings: Finding[], text: string, found: [number, number] | undefined, certainty: Certainty, before: string): void {
  if (found === undefined) return;
  const isQuoted = /["']/.test(text[found[0]] as string);
  const [start, end] = isQuoted ? [found[0] + 1, found[1] - 1] : found;
  const value = text.slice(start, end);
  if (isPlaceholder(value)) return;
  if (certainty !== 'sure') {
    if (plainWords.has(value.toLowerCase()) || plainWords.has(before.trim().toLowerCase())) return;
    if (!(isQuoted && certainty === 'line') && !isLikely(value)) return;
  }
  findings.push({ start, end, rule: 'password' });
}

/** Not a word of a sentence, a file, a place or a count of tests. */
function isLikely(value: string): boolean {
  return (
    value.length >= 4 &&
    /\d|[^\w./:-]/.test(value) &&
    !/^[\d.:/]+$/.test(value) &&
    !/\.[a-z]{1,4}x?$|[\\/]|[(){}=]|:\d+$/.test(value)
  );
}
