import type { Detector, Finding } from './detector.ts';

/** `form-data name=k`, two ends of lines and a value: the header may have been cut at its beginning. */
const minChars = 19;
/** Longest value of a field; the rest is judged by the other detectors. */
const maxValueChars = 65_536;

/** An end of line, also as programs print it. */
const eol = '(?:\\r?\\n|\\\\r\\\\n|\\\\n)';
/** The headers of one part, from its name to the blank line. */
const part = new RegExp(
  `\\bname=\\\\{0,4}["']?([^"'\\\\;\\s]{1,128})[^\\n]{0,256}?${eol}(?:[\\w-]{1,64}:[^\\n\\\\]{0,512}${eol}){0,6}${eol}`,
  'gi',
);
const boundary = new RegExp(`${eol}--`, 'g');

/** Fields of `multipart/form-data` by their name. */
export const formData: Detector = {
  name: 'form-data',
  kind: 'secret',
  couldHold: ({ equals, dashes, length }) => equals && dashes > 0 && length >= minChars,
  find(text, { nameRule }) {
    if (!text.includes('form-data')) return [];
    const findings: Finding[] = [];
    let after = 0;
    for (const match of text.matchAll(part)) {
      const rule = match.index < after ? undefined : nameRule(match[1] as string);
      if (rule === undefined) continue;
      const start = match.index + match[0].length;
      const limit = Math.min(text.length, start + maxValueChars);
      boundary.lastIndex = start;
      const end = Math.min(boundary.exec(text)?.index ?? limit, limit);
      after = end;
      if (text.slice(start, end).trim() !== '') findings.push({ start, end, rule });
    }
    return findings;
  },
};
