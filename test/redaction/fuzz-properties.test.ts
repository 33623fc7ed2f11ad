import { describe, expect, it } from 'vitest';
import { createRandom } from '../../agents-sim/random.ts';
import type { Value } from '../../src/protocol/value.ts';
import { markerPattern, withoutMarkers } from '../../src/redaction/marker.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';
import { answerOf, array, captureOf, object } from './capture-data.ts';
import { leaks } from './corpus-score.ts';
import { between, type Chance, type Form, forms, pick } from './corpus-values.ts';

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const rounds = Number(process.env.FUZZ_ROUNDS ?? 150);

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

describe(`random values (FUZZ_SEED=${seed})`, () => {
  it('show no secret, wherever in them it stands and whatever is around it', async () => {
    const chance = createRandom(seed).next;
    for (let round = 0; round < rounds; round++) {
      const { text, secret } = (pick(chance, certain) as Form).make(chance);
      const value = hold(chance, around(chance, text));
      const { hit, stored } = await answerOf(captureOf({ [pick(chance, names)]: value }));
      for (const seen of [JSON.stringify(hit), stored])
        expect(leaks(withoutMarkers(seen), secret), `${JSON.stringify(value)} shows ${secret}`).toBe(false);
    }
  });

  it('that are JSON in a text stay JSON of the same shape', () => {
    const chance = createRandom(seed).next;
    const shape = (value: unknown): unknown =>
      Array.isArray(value) ? value.length : typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
    for (let round = 0; round < rounds; round++) {
      const leaf = (): unknown => {
        const text = around(chance, (pick(chance, forms) as Form).make(chance).text);
        return pick(chance, [text, 12, null, [text, text], { note: text }, JSON.stringify({ note: text })]);
      };
      const whole = { id: round, first: leaf(), second: leaf(), inner: { third: leaf() } };
      const left = JSON.parse(scrubText(new Session(defaultRedactionPolicy, 'key'), JSON.stringify(whole))) as typeof whole;
      expect(Object.keys(left)).toEqual(Object.keys(whole));
      expect(left.id).toBe(round);
      for (const field of ['first', 'second'] as const)
        if (typeof left[field] !== 'string') expect(shape(left[field])).toBe(shape(whole[field]));
    }
  });

  it('have whole markers, as many as are counted', () => {
    const chance = createRandom(seed).next;
    for (let round = 0; round < rounds; round++) {
      const text = Array.from({ length: between(chance, 1, 4) }, () =>
        around(chance, (pick(chance, forms) as Form).make(chance).text),
      ).join(' ; ');
      const session = new Session(defaultRedactionPolicy, 'key');
      const left = scrubText(session, chance() < 0.3 ? JSON.stringify({ note: text, list: [text] }) : text);
      const markers = left.match(markerPattern) ?? [];
      expect(withoutMarkers(left), left).not.toMatch(/\[?REDACTED|#[0-9a-f]{6}\]/);
      expect(markers.length, left).toBe(session.hidden);
      expect(markers.length).toBe(Object.values(session.counts).reduce((sum, count) => sum + count, 0));
    }
  });
});
