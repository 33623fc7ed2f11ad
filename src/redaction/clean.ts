/**
 * Characters that act instead of showing: controls, ANSI escapes, bidirectional and zero-width marks, tag characters,
 * variation selectors, fillers, halves of surrogate pairs.
 */
export const actingCharacters =
  '[\\p{Cc}\\p{Cf}\\p{Surrogate}\\p{Zl}\\p{Zp}]|[\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u3164\\uffa0]|\\u034f|[\\u180b-\\u180d]|\\u180f|[\\ufe00-\\ufe0f]|[\\u{e0100}-\\u{e01ef}]';
/** Line feed and tab stay: they are text. */
const acting = new RegExp(`(?![\\n\\t])(?:${actingCharacters})`, 'gu');
const plain = /^[\n\t\x20-\x7e]*$/;

/** The text with acting characters written out, as `\u202e`, so that people and models see what is there. */
export function visible(text: string): string {
  return plain.test(text) ? text : text.replace(acting, writtenOut);
}

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** A name given by a program (agent, tag, file, function, message): one visible line of at most `maxChars` characters. */
export function cleanLabel(text: string, maxChars: number): string {
  const line = visible(text.slice(0, maxChars * 2))
    .replace(/[\s]+/g, ' ')
    .trim();
  if (line.length <= maxChars) return line;
  // Half a surrogate pair at the cut would become a replacement character on the wire.
  return `${line.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The first character of what opens a tag, an image, a link or code where text is shown as markdown; `a < b` opens nothing. */
const opening = /<(?=[A-Za-z/!?|][^>]*>)|(?<=!)\[|(?<=\])\(|`(?=``)/g;

/** Words of others inside a sentence of ours: nothing in them opens anything where the sentence is shown as markdown. */
export function inertWords(text: string): string {
  return text.replace(opening, writtenOut);
}

/** A sentence of ours that may quote others: one visible line of at most `maxChars` characters in which nothing acts. */
export function cleanSentence(text: string, maxChars: number): string {
  return inertWords(cleanLabel(text, maxChars));
}

/** PostgreSQL keeps neither U+0000 nor half a surrogate pair in jsonb; both are written out before storing. */
export function storable(text: string): string {
  return plain.test(text) ? text : text.replace(/\0|\p{Surrogate}/gu, writtenOut);
}
