import type { Detector, Finding } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';

/** Lines of one value that are looked at, and characters of one word. */
const maxLines = 2_000;
const maxWordChars = 600;

/** A key that ends its line with the sign of a block, or with nothing when a list or one long word follows. */
const key =
  /(?<=^|\n)([ \t]{0,64}(?:- ){0,4})["']?([\w./-]{1,64})["']?[ \t]{0,4}:[ \t]{0,8}(?:![^\s]{1,32}[ \t]{1,4}|&[\w-]{1,32}[ \t]{1,4})?([|>][-+\d]{0,2})?[ \t]{0,8}(?:#[^\n]{0,80})?\r?\n/g;
const endOfKey = /[|>:][-+\d]{0,2}[ \t]{0,8}\r?\n[ \t]/;
/** One word of a list, or a word alone, which must have a digit to be no part of a sentence. */
const item = /^- {1,4}["']?([^\s"'#:{[][^\s"']{2,512})["']?$/;
const alone = /^["']?((?=[^\s]*\d)[^\s"':{[(][^\s"':]{3,512})["']?$/;

/** Values of YAML that stand below their key: block scalars (`|`, `>-`), lists, and words on a line of their own. */
export const blockScalars: Detector = {
  name: 'block-scalars',
  kind: 'secret',
  couldHold: ({ colon, lineFeed }) => colon && lineFeed,
  find(text, { nameRule }) {
    if (!text.includes('\n') || (!endOfKey.test(text) && !/[|>]\d?[-+]?[ \t]{0,8}#/.test(text))) return [];
    const findings: Finding[] = [];
    let after = 0;
    for (const match of text.matchAll(key)) {
      const name = match[2] as string;
      const rule = match.index < after ? undefined : nameRule(name.slice(name.lastIndexOf('.') + 1));
      if (rule === undefined) continue;
      const from = match.index + match[0].length;
      const indent = (match[1] as string).length;
      const found = match[3] === undefined ? wordsBelow(text, from, indent) : blockBelow(text, from, indent);
      for (const { start, end } of found) if (!isPlaceholder(text.slice(start, end))) findings.push({ start, end, rule });
      after = found.at(-1)?.end ?? 0;
    }
    return findings;
  },
};

interface Stretch {
  start: number;
  end: number;
}

/** The lines that are indented further than their key, as one stretch. */
function blockBelow(text: string, from: number, indent: number): Stretch[] {
  const lines: Stretch[] = [];
  for (const line of linesFrom(text, from)) {
    if (line.indent <= indent) break;
    lines.push(line);
  }
  const [first] = lines;
  return first === undefined ? [] : [{ start: first.start, end: (lines.at(-1) as Stretch).end }];
}

/** The items of a list, which may stand as far left as its key, or one word; nothing when anything else is among them. */
function wordsBelow(text: string, from: number, indent: number): Stretch[] {
  const found: Stretch[] = [];
  let isAlone = false;
  for (const { start, end, indent: own } of linesFrom(text, from)) {
    const line = text.slice(start, Math.min(end, start + maxWordChars)).trimEnd();
    const isItem = line.startsWith('- ');
    if (own < indent || (own === indent && !isItem)) break;
    const word = (isItem ? item : alone).exec(line)?.[1];
    if (word === undefined || isAlone || (!isItem && found.length > 0)) return [];
    isAlone = !isItem;
    const at = start + line.lastIndexOf(word);
    found.push({ start: at, end: at + word.length });
  }
  return found;
}

/** The lines from here on that are not blank, each from its first character that is none. */
function* linesFrom(text: string, from: number): Generator<Stretch & { indent: number }> {
  let at = from;
  for (let count = 0; at < text.length && count < maxLines; count++) {
    const newline = text.indexOf('\n', at);
    const next = newline < 0 ? text.length : newline;
    let start = at;
    while (start < next && (text[start] === ' ' || text[start] === '\t')) start++;
    const end = text[next - 1] === '\r' ? next - 1 : next;
    if (start < end) yield { start, end, indent: start - at };
    at = next + 1;
  }
}
