import type { CaptureData } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Value } from '../../src/protocol/value.ts';
import { array, captureOf, object } from './capture-data.ts';
import { between, type Chance, pick } from './corpus-values.ts';

/** A sensitive text where a program may have it. */
export interface Placed {
  capture: CaptureData;
  /** The texts of a log line's template, when the capture is that of a logpoint. */
  texts?: string[];
  /** Harmless text around it, which should still be there. */
  kept: string[];
  /** How the secret is written here, when not as it is. */
  written?: (secret: string) => string;
}

export type Place = (text: string, chance: Chance) => Placed;

const inText =
  (before: string, after: string): Place =>
  (text) => ({ capture: captureOf({ note: `${before}${text}${after}` }), kept: [before, after].filter((part) => part !== '') });

const inValue =
  (place: (text: string) => Value): Place =>
  (text) => ({ capture: captureOf({ note: place(text) }), kept: [] });

const wrapped = (text: string, levels: number): string => {
  let made = text;
  for (let level = 0; level < levels; level++) made = JSON.stringify({ level, note: made });
  return made;
};

const inJson =
  (levels: number): Place =>
  (text) => ({ capture: captureOf({ body: wrapped(text, levels) }), kept: ['level'] });

const percentEach = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
const escapeEach = (text: string): string =>
  [...text].map((character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`).join('');

const filler = 'lorem ipsum dolor sit amet '.repeat(12);

const results = (...values: string[]): Partial<CaptureData> => ({
  expressions: values.map((value, at) => ({ expression: `part${at}`, value })),
});

/** Where a text of the program can stand, by what a reader would call it. */
export const places: Readonly<Record<string, Place>> = {
  alone: inText('', ''),
  'start of a sentence': inText('', ' was refused twice today'),
  'middle of a sentence': inText('upstream refused ', ' after the third try'),
  'end of a sentence': (text) => ({ ...inText('the last one was ', '.')(text, () => 0), kept: ['the last one was '] }),
  'in quotes': inText('cannot use "', '" here'),
  'log line': inText('2026-03-01T10:00:00.123Z WARN [checkout] got ', ' from upstream in 12ms'),
  'key=value': inText('level=info attempt=2 note=', ' took=12ms'),
  'JSON in a text': inJson(1),
  'JSON, 2 levels': inJson(2),
  'JSON, 3 levels': inJson(3),
  'JSON, 4 levels': inJson(4),
  'query string': (text) => ({
    capture: captureOf({ url: `/orders?page=2&note=${encodeURIComponent(text)}&limit=50` }),
    kept: ['/orders?page=2&note=', '&limit=50'],
    written: encodeURIComponent,
  }),
  'fragment of a URL': (text) => ({
    capture: captureOf({ url: `https://shop.example/p#x=${encodeURIComponent(text)}` }),
    kept: ['https://shop.example/p#x='],
    written: encodeURIComponent,
  }),
  header: inText('Accept: text/html\r\nX-Note: ', '\r\nHost: shop.example'),
  'field of an object': inValue((text) => object({ id: 7, inner: object({ note: text }) })),
  element: inValue((text) => array(1, text, 'third')),
  'value of a Map': inValue((text) => ({ $: 'map', size: 1, entries: [['note', text]] })),
  'key of a Map': inValue((text) => ({ $: 'map', size: 1, entries: [[text, 1]] })),
  'value beside its name': inValue((text) => object({ name: 'note', value: text })),
  'name of a field': inValue((text) => object({ [text]: 1 })),
  'message of an error': inValue((text) => ({
    $: 'error',
    className: 'Error',
    message: `refused: ${text}`,
    stack: `Error: refused: ${text}\n    at run (/app/src/run.js:10:5)`,
    fields: [],
  })),
  'field of an error': inValue((text) => ({ $: 'error', className: 'Error', message: 'refused', fields: [['input', text]] })),
  'source line': (text) => ({
    capture: captureOf({}, { at: { file: 'a.ts', line: 1, text: `send('${text}');` } }),
    kept: ["send('"],
  }),
  'result of an expression': (text) => ({ capture: captureOf({}, results(text)), kept: [] }),
  'value in a log line': (text) => ({
    capture: captureOf({}, results(text)),
    texts: ['got ', ' again'],
    kept: ['got ', ' again'],
  }),
  'split over a log line': (text, chance) => {
    const at = between(chance, 1, text.length - 1);
    return {
      capture: captureOf({}, results(text.slice(0, at), text.slice(at))),
      texts: ['got ', '', ' again'],
      kept: [' again'],
    };
  },
  'behind zero-width characters': inText('got \u200b', '\u200d again'),
  base64: (text) => {
    const encoded = Buffer.from(`note ${text} end`).toString('base64');
    return { capture: captureOf({ body: `data ${encoded}` }), kept: ['data '], written: () => encoded };
  },
  'base64url in a query': (text) => {
    const encoded = Buffer.from(`{"note":${JSON.stringify(text)}}`).toString('base64url');
    return { capture: captureOf({ url: `/x?page=2&data=${encoded}` }), kept: ['/x?page=2'], written: () => encoded };
  },
  'percent-encoded': (text) => ({
    capture: captureOf({ url: `/x?page=2&y=${percentEach(text)}` }),
    kept: ['/x?page=2'],
    written: percentEach,
  }),
  'escaped in JSON': (text) => ({ capture: captureOf({ body: `{"id":7,"note":"${escapeEach(text)}"}` }), kept: ['id'] }),
};

/** The text cut by the agent at its longest, at a random place of its second half. */
export const atTheCut: Place = (text, chance) => {
  const seen = between(chance, Math.ceil(text.length * 0.6), text.length - 1);
  const whole = `${filler.slice(0, limits.maxStringChars - seen - 1)} ${text}, and more`;
  return {
    capture: captureOf({ note: { $: 'string', text: whole.slice(0, limits.maxStringChars), length: whole.length } }),
    kept: ['lorem ipsum dolor sit amet lorem'],
  };
};

const words = (phrase: string): string[] => phrase.split(' ');
const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
export const camel = (phrase: string): string => {
  const [first = '', ...rest] = words(phrase);
  return first + rest.map(capital).join('');
};

/** One of the ways in which programs write a name. */
export const spelled = (chance: Chance, phrase: string): string =>
  pick(chance, [
    camel,
    camel,
    (each: string) => words(each).join('_'),
    (each: string) => words(each).join('_').toUpperCase(),
    (each: string) => words(each).join('-'),
    (each: string) => words(each).map(capital).join('-'),
    (each: string) => words(each).map(capital).join(''),
  ])(phrase);

export type NamedPlace = (name: string, value: string, chance: Chance) => Placed;

const structure =
  (place: (name: string, value: string) => Record<string, Value>): NamedPlace =>
  (name, value) => ({ capture: captureOf(place(name, value)), kept: [] });

/** Where a name stands in the structure of a value. */
export const namedPlaces: Readonly<Record<string, NamedPlace>> = {
  'a variable': structure((name, value) => ({ [name]: value })),
  'a field': structure((name, value) => ({ row: object({ id: 7, [name]: value }) })),
  'a nested field': structure((name, value) => ({ row: object({ inner: object({ [name]: object({ [name]: value }) }) }) })),
  'an entry of a Map': structure((name, value) => ({ row: { $: 'map', size: 1, entries: [[name, value]] } })),
  'beside its name': structure((name, value) => ({ row: object({ name, value }) })),
  'a pair': structure((name, value) => ({ row: array(name, value) })),
  'a list of headers': structure((name, value) => ({ rawHeaders: array('Host', 'web', name, value) })),
  'elements of a list': structure((name, value) => ({ row: object({ [name]: array(value, value) }) })),
  'a field of an error': structure((name, value) => ({
    e: { $: 'error', className: 'E', message: 'm', fields: [[name, value]] },
  })),
  'JSON in a text': (name, value) => ({
    capture: captureOf({ body: JSON.stringify({ id: 7, [name]: value }) }),
    kept: ['"id":7'],
  }),
  'JSON, 2 levels': (name, value) => ({
    capture: captureOf({ body: JSON.stringify({ log: JSON.stringify({ id: 7, [name]: value }) }) }),
    kept: ['id'],
  }),
  'JSON, 3 levels': (name, value) => ({
    capture: captureOf({ body: JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ id: 7, [name]: value }) }) }) }),
    kept: ['id'],
  }),
  'result of an expression': (name, value) => ({
    capture: captureOf({}, { expressions: [{ expression: `row['${name}']`, value }] }),
    kept: [],
  }),
  'object in a result': (name, value) => ({
    capture: captureOf({}, { expressions: [{ expression: 'row', value: object({ id: 7, [name]: value }) }] }),
    kept: [],
  }),
};

/** The name as a flag of a command line. */
const kebab = (name: string): string =>
  name
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

const inLine =
  (before: (name: string) => string, after: string): NamedPlace =>
  (name, value) => ({ capture: captureOf({ note: `${before(name)}${value}${after}` }), kept: after === '' ? [] : [after] });

/** Where a name stands before its value in plain text. */
export const writtenPlaces: Readonly<Record<string, NamedPlace>> = {
  'name=value': inLine((name) => `user=7 ${name}=`, ' took=12ms'),
  'name: value': inLine((name) => `${name}: `, ''),
  'query string with the name': inLine((name) => `/x?page=2&${name}=`, '&limit=50'),
  'command line': inLine((name) => `run --${kebab(name)} `, ' --verbose'),
  'quoted and cut': (name, value) => ({
    capture: captureOf({ body: { $: 'string', text: `{"id":7,"${name}":"${value}`, length: 900 } }),
    kept: ['{"id":7,'],
  }),
  'in a log line': (name, value) => ({
    capture: captureOf({}, results(value)),
    texts: [`order 7: ${name}=`, ' done'],
    kept: ['order 7: ', ' done'],
  }),
};
