import { Refusal } from '../lib/refusal.ts';
import { keyEndIn } from '../redaction/key-lines.ts';

export const forms = ['json', 'lines', 'text'] as const;
export type Form = (typeof forms)[number];

/** A part of the input that is looked at as a whole. */
export interface Part {
  text: string;
  /** The line it starts in, from 1. */
  line: number;
  form: Form;
  /** Longer than can be looked at: its text was not kept. */
  isTooLong?: true;
}

/** The longest JSON document, line, and stretch of text that is looked at as a whole, in UTF-16 units; captured texts have the same ceiling. */
export const maxPartChars = 1024 * 1024;
/** Text is taken in stretches of about this length. */
const stretchChars = 256 * 1024;

/** Cuts the input into parts without ever holding much more than the longest one. Refuses a JSON document that is longer. */
export async function* partsOf(input: AsyncIterable<Uint8Array>, asked: Form | undefined): AsyncGenerator<Part> {
  const decoder = new TextDecoder();
  let held = '';
  let line = 1;
  let form = asked;
  let isSkipping = false;

  const part = (text: string, as: Form): Part => {
    const made = { text, line, form: as };
    line += text.split('\n').length - 1;
    return made;
  };
  const parts = function* (isEnd: boolean): Generator<Part> {
    form ??= formOf(held, isEnd);
    if (form === undefined) return;
    if (form === 'json') {
      if (held.length > maxPartChars) throw tooLong();
      if (isEnd && held.trim() !== '') yield part(requireJson(held), form);
      return;
    }
    for (;;) {
      if (isSkipping) {
        const end = held.indexOf('\n');
        if (end < 0) {
          held = '';
          return;
        }
        held = held.slice(end);
        isSkipping = false;
      }
      const end = form === 'lines' ? lineEnd(held, isEnd) : stretchEnd(held, isEnd);
      if (end > 0 && end <= maxPartChars) {
        const text = held.slice(0, end);
        yield part(text, text.includes('\n') && text.indexOf('\n') < end - 1 ? 'text' : form);
        held = held.slice(end);
        continue;
      }
      if (held.length <= maxPartChars) break;
      yield { text: '', line, form, isTooLong: true };
      isSkipping = true;
    }
    if (isEnd && held !== '') yield part(held, form);
  };

  for await (const chunk of input) {
    held += decoder.decode(chunk, { stream: true });
    yield* parts(false);
  }
  held += decoder.decode();
  yield* parts(true);
}

/** What the input is, by its beginning; undefined as long as that cannot be said. */
function formOf(text: string, isEnd: boolean): Form | undefined {
  const start = text.trimStart();
  if (start === '') return isEnd ? 'text' : undefined;
  const end = start.indexOf('\n');
  if (end < 0 && !isEnd && start.length <= maxPartChars) return undefined;
  if (isJson(end < 0 ? start : start.slice(0, end))) return 'lines';
  if (!/^(?:\{\s*["}]|\[\s*[[{"\]])/.test(start)) return 'text';
  if (isEnd) return isJson(start) ? 'json' : 'text';
  return start.length > maxPartChars ? 'json' : undefined;
}

/** Where a line ends, or the private key that begins in it. 0 when more is needed. */
function lineEnd(held: string, isEnd: boolean): number {
  const end = held.indexOf('\n') + 1;
  if (end === 0) return 0;
  const keyEnd = keyEndIn(held, isEnd);
  return keyEnd === undefined || isJson(held.slice(0, end)) ? end : keyEnd;
}

/** Where a stretch of text may end: at an empty line or else a line's end, and not inside a PEM block. 0 when more is needed. */
function stretchEnd(held: string, isEnd: boolean): number {
  if (held.length < stretchChars) return isEnd ? held.length : 0;
  const within = held.slice(0, maxPartChars);
  const empty = within.lastIndexOf('\n\n');
  const end = (empty > within.length / 2 ? empty + 1 : within.lastIndexOf('\n')) + 1;
  const begin = within.lastIndexOf('-----BEGIN ', end);
  if (begin < 0 || within.lastIndexOf('-----END ', end) > begin) return end;
  const before = within.lastIndexOf('\n', begin) + 1;
  return before > 0 || held.length < maxPartChars ? before : end;
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

function requireJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new Refusal({
      code: 'malformed_json',
      message: 'The input is not one JSON document.',
      next: 'Say --as lines or --as text.',
    });
  }
}

function tooLong(): Refusal {
  return new Refusal({
    code: 'payload_too_large',
    message: `The input is one JSON document of more than ${maxPartChars} characters, which is not looked at as a whole.`,
    next: 'Give JSON lines, one value a line (jq -c .[]), or say --as text.',
  });
}
