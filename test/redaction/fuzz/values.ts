import assert from 'node:assert/strict';
import { createRandom } from '../../../agents-sim/random.ts';
import type { Value } from '../../../src/protocol/value.ts';
import { markerPattern, withoutMarkers } from '../../../src/redaction/marker.ts';
import { defaultRedactionPolicy } from '../../../src/redaction/policy.ts';
import { Session } from '../../../src/redaction/session.ts';
import { scrubText } from '../../../src/redaction/walk.ts';
import { answerOf, array, captureOf, object } from '../capture-data.ts';
import { leaks } from '../corpus-score.ts';
import { between, type Chance, type Form, forms, pick } from '../corpus-values.ts';

/** Values a seed makes for each property. */
const values = 60;

const names = [
  'a',
  'user',
  'items',
  'note',
  'x-id',
  'toString',
  '__proto__',
  '0',
  'ключ',
  '',
  ' ',
  'data',
  'value',
  'key',
  'name',
];
const words = [
  'order',
  'retry',
  '12',
  '4.5',
  'failed:',
  '—',
  'für',
  '{',
  '}',
  '[]',
  '"',
  '\\',
  '😀',
  '->',
  '%',
  '&',
  '\n',
  '\t',
  '0x1f',
  'null',
];
/** Known by their form alone wherever blanks stand around them. */
const certain = forms.filter(({ group }) => group === 'secrets');

const around = (chance: Chance, secret: string): string => {
  const some = (): string => Array.from({ length: between(chance, 0, 6) }, () => pick(chance, words)).join(' ');
  return `${some()} ${secret} ${some()}`;
};

/** The text somewhere in a value of at most six levels. */
function hold(chance: Chance, text: string, depth = 0): Value {
  if (depth > 4 || chance() < 0.25) return text;
  const rest = (): Value => hold(chance, text, depth + 1);
  return pick<() => Value>(chance, [
    () => object({ id: 7, [pick(chance, names)]: rest() }),
    () => array(1, rest(), 'last'),
    () => ({
      $: 'map',
      size: 2,
      entries: [
        [pick(chance, names), rest()],
        ['b', 1],
      ],
    }),
    () => ({ $: 'map', size: 1, entries: [[text, 1]] }),
    () => ({ $: 'error', className: 'Error', message: text, stack: `Error: ${text}`, fields: [[pick(chance, names), rest()]] }),
    () => JSON.stringify({ id: 7, [`k${depth}`]: [text] }),
    () => object({ [text]: true }),
  ])();
}

export async function checkValues(seed: number): Promise<void> {
  await showsNoSecret(seed);
  keepsJson(seed);
  countsMarkers(seed);
}

/** No secret is shown, wherever it stands in a value and whatever is around it. */
export async function showsNoSecret(seed: number): Promise<void> {
  const chance = createRandom(seed).next;
  for (let made = 0; made < values; made++) {
    const { text, secret } = (pick(chance, certain) as Form).make(chance);
    const value = hold(chance, around(chance, text));
    const { hit, stored } = await answerOf(captureOf({ [pick(chance, names)]: value }));
    for (const seen of [JSON.stringify(hit), stored])
      assert.ok(!leaks(withoutMarkers(seen), secret), `${JSON.stringify(value)} shows ${secret}`);
  }
}

/** JSON in a text stays JSON of the same shape. */
export function keepsJson(seed: number): void {
  const chance = createRandom(seed).next;
  const shape = (value: unknown): unknown =>
    Array.isArray(value) ? value.length : typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
  for (let made = 0; made < values; made++) {
    const leaf = (): unknown => {
      const text = around(chance, (pick(chance, forms) as Form).make(chance).text);
      return pick(chance, [text, 12, null, [text, text], { note: text }, JSON.stringify({ note: text })]);
    };
    const whole = { id: made, first: leaf(), second: leaf(), inner: { third: leaf() } };
    const shown = scrubText(new Session(defaultRedactionPolicy, 'key'), JSON.stringify(whole));
    const said = `${JSON.stringify(whole)} became ${shown}`;
    const left = JSON.parse(shown) as typeof whole;
    assert.deepEqual(Object.keys(left), Object.keys(whole), said);
    assert.equal(left.id, made, said);
    for (const field of ['first', 'second'] as const)
      if (typeof left[field] !== 'string') assert.deepEqual(shape(left[field]), shape(whole[field]), said);
  }
}

/** Markers are whole, and as many as are counted. */
export function countsMarkers(seed: number): void {
  const chance = createRandom(seed).next;
  for (let made = 0; made < values; made++) {
    const text = Array.from({ length: between(chance, 1, 4) }, () =>
      around(chance, (pick(chance, forms) as Form).make(chance).text),
    ).join(' ; ');
    const session = new Session(defaultRedactionPolicy, 'key');
    const left = scrubText(session, chance() < 0.3 ? JSON.stringify({ note: text, list: [text] }) : text);
    const markers = left.match(markerPattern) ?? [];
    assert.doesNotMatch(withoutMarkers(left), /\[?REDACTED|#[0-9a-f]{6}\]/, left);
    assert.equal(markers.length, session.hidden, left);
    assert.equal(
      markers.length,
      Object.values(session.counts).reduce((sum, count) => sum + count, 0),
      left,
    );
  }
}
