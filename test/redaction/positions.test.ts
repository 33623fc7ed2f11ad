import { describe, expect, it } from 'vitest';
import type { CaptureData } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Value } from '../../src/protocol/value.ts';
import { answerOf, array, captureOf, object } from './capture-data.ts';
import { jwtSample, tokens } from './corpus.ts';

/** Secrets that are known by their form, with the part that must never be seen. */
const secrets: Record<string, string> = {
  ...tokens,
  jwt: jwtSample,
  email: 'ada.lovelace@example.com',
  card: '4111 1111 1111 1111',
  iban: 'GB29 NWBK 6016 1331 9268 19',
  phone: '+49 170 1234567',
  url: 'postgres://app:s3cr3t-pw@db:5432/x',
  assignment: 'password=hunter2hunter2',
};
const partOf = (secret: string): string => (secret.includes('s3cr3t-pw') ? 's3cr3t-pw' : secret.replace('password=', ''));

/** Every place of a capture that can hold text of the program. */
const positions: Record<string, (text: string) => CaptureData> = {
  'a variable': (text) => captureOf({ note: text }),
  'the middle of a text': (text) => captureOf({ note: `before ${text} after` }),
  'a nested field': (text) => captureOf({ a: object({ b: object({ c: text }) }) }),
  'the name of a field': (text) => captureOf({ a: object({ [text]: 1 }) }),
  'the name of a variable': (text) => captureOf({ [text]: 1 }),
  'an element': (text) => captureOf({ list: array(1, text) }),
  'a set': (text) => captureOf({ set: { $: 'array', className: 'Set', length: 1, elements: [text] } }),
  'the key of a map': (text) => captureOf({ map: { $: 'map', size: 1, entries: [[text, 1]] } }),
  'the value of a map': (text) => captureOf({ map: { $: 'map', size: 1, entries: [['x', text]] } }),
  'JSON in a text': (text) => captureOf({ body: JSON.stringify({ a: { b: [text] } }) }),
  'JSON in JSON in a text': (text) => captureOf({ body: JSON.stringify({ log: JSON.stringify({ m: text }) }) }),
  'a repeated key of JSON in a text': (text) => captureOf({ body: `{"x":${JSON.stringify(text)},"x":"ok"}` }),
  'base64 in a text': (text) => captureOf({ body: `data ${Buffer.from(`value ${text} end`).toString('base64')}` }),
  'percent-encoding in a text': (text) => captureOf({ body: `/cb?next=${encodeURIComponent(`/x?y=${text}`)}` }),
  'the message of an error': (text) =>
    captureOf({ e: { $: 'error', className: 'Error', message: `failed: ${text}`, fields: [] } }),
  'the stack of an error': (text) =>
    captureOf({ e: { $: 'error', className: 'Error', message: 'm', stack: `Error: ${text}\n    at f (/a.ts:1:2)`, fields: [] } }),
  'a field of an error': (text) =>
    captureOf({ e: { $: 'error', className: 'Error', message: 'm', fields: [['config', object({ url: text })]] } }),
  'a symbol': (text) => captureOf({ s: { $: 'symbol', text } }),
  'a regular expression': (text) => captureOf({ r: { $: 'regexp', text: `/${text} /` } }),
  'the path of a reference': (text) => captureOf({ r: { $: 'reference', path: `map["${text}"]` } }),
  this: (text) => captureOf({}, { this: object({ note: text }) }),
  'the value of an expression': (text) => captureOf({}, { expressions: [{ expression: 'note', value: text }] }),
  'the error of an expression': (text) => captureOf({}, { expressions: [{ expression: 'note', error: `cannot read ${text}` }] }),
  'the text of the line': (text) => captureOf({}, { at: { file: 'a.ts', line: 1, text: `const x = '${text}';` } }),
  'a closure variable': (text) => captureOf({}, { scopes: [{ kind: 'closure', variables: [['note', text]] }] }),
};

describe('no position of a capture shows', () => {
  it.each(Object.keys(secrets))('%s', async (name) => {
    const secret = secrets[name] as string;
    const part = partOf(secret);
    const personalInLabel = ['email', 'card', 'iban', 'phone'].includes(name);
    for (const [position, place] of Object.entries(positions)) {
      if (personalInLabel && position === 'the name of a variable') continue;
      const { hit, stored } = await answerOf(place(secret));
      expect(JSON.stringify(hit), position).not.toContain(part);
      expect(stored, position).not.toContain(part);
    }
  });
});

describe('a secret that was cut', () => {
  const cutAt = (text: string, at: number): Value => ({ $: 'string', text: text.slice(0, at), length: text.length });
  const filler = 'lorem ipsum dolor sit amet '.repeat(12);

  it.each(Object.keys(secrets).filter((name) => name !== 'url'))(
    '%s is hidden when enough of it is there to use',
    async (name) => {
      const secret = secrets[name] as string;
      for (const share of [0.6, 0.75, 0.9]) {
        const seen = Math.floor(secret.length * share);
        const text = `${filler.slice(0, limits.maxStringChars - seen - 1)} ${secret}, and more`;
        const { hit } = await answerOf(captureOf({ log: cutAt(text, limits.maxStringChars) }));
        expect(JSON.stringify(hit), `${seen} of ${secret.length} characters`).not.toContain(
          partOf(secret).slice(0, Math.ceil(partOf(secret).length / 2)),
        );
      }
    },
  );

  it.each([
    ['JSON that ends inside the value', '{"user":"ada","password":"correct horse ba'],
    ['a connection string without its host', 'postgres://app:correct horse'.replace(' ', '-')],
    ['a private key without its end', `-----BEGIN ${'PRIVATE'} KEY-----\ncorrect-horse`],
    ['a header without its end', 'authorization: Bearer correct-horse'],
  ])('%s is hidden', async (_, text) => {
    expect(JSON.stringify((await answerOf(captureOf({ log: { $: 'string', text, length: 900 } }))).hit)).not.toMatch(
      /correct[- ]horse/,
    );
  });

  it('leaves plain text at the cut as it is', async () => {
    const text = 'The order was placed by a gold customer in the Main warehou';
    expect((await answerOf(captureOf({ log: { $: 'string', text, length: 900 } }))).hit.variables).toEqual({
      log: { $type: 'string', text, length: 900 },
    });
  });
});

describe('a hidden name hides', () => {
  const variablesOf = async (variables: Record<string, Value>) => (await answerOf(captureOf(variables))).hit.variables;
  const marker = (rule: string) => expect.stringMatching(new RegExp(`^\\[REDACTED:${rule}(#[0-9a-f]{6})?\\]$`));

  it('texts, numbers, dates and whole containers of secrets', async () => {
    expect(
      await variablesOf({
        password: 'x',
        pin: 4711,
        apiKey: { $: 'bigint', text: '42' },
        credentials: object({ user: 'u', pass: 'p' }),
        tokens: array('a', 'b'),
        secret: { $: 'date', iso: '2024-01-01' },
      }),
    ).toEqual({
      password: marker('password'),
      pin: marker('pin'),
      apiKey: marker('api-key'),
      credentials: marker('credentials'),
      tokens: marker('token'),
      secret: marker('secret'),
    });
  });

  it('nothing where there is nothing: absence and booleans help debugging', async () => {
    expect(
      await variablesOf({ password: null, token: { $: 'undefined' }, apiKey: '', secret: false, passwd: { $: 'getter' } }),
    ).toEqual({
      password: null,
      token: { $type: 'undefined' },
      apiKey: '',
      secret: false,
      passwd: { $type: 'getter' },
    });
  });

  it('values beside it: debugger variables, header lists, pairs, flags', async () => {
    expect(
      await variablesOf({
        variable: object({ name: 'DB_PASSWORD', value: 'x1' }),
        pair: array('authorization', 'zzz9'),
        rawHeaders: array('Host', 'web', 'X-Api-Key', 'k1', 'Accept', 'all'),
        argv: array('node', '--password', 'hunter2', '-v'),
        headers: { $: 'map', size: 1, entries: [['cookie', 'a=b']] },
      }),
    ).toEqual({
      variable: { name: 'DB_PASSWORD', value: marker('password') },
      pair: ['authorization', marker('authorization')],
      rawHeaders: ['Host', 'web', 'X-Api-Key', marker('api-key'), 'Accept', 'all'],
      argv: ['node', '--password', marker('password'), '-v'],
      headers: { $type: 'Map', entries: [['cookie', marker('cookie')]], size: 1 },
    });
  });

  it('personal data by the names of container and field together, and leaves the rest of the container', async () => {
    expect(
      await variablesOf({
        customer: object({
          card: object({ number: '1234', brand: 'visa' }),
          name: object({ first: 'Ada' }),
          address: object({ city: 'London' }),
        }),
      }),
    ).toEqual({
      customer: {
        card: { number: marker('card'), brand: 'visa' },
        name: { first: marker('person-name') },
        address: { city: 'London' },
      },
    });
  });

  it.each([
    ['user.password', true],
    ["user?.['password']", true],
    ['user["api-key"]', true],
    ['tokens[0]', true],
    ['(a ?? b).token + "x"', true],
    ['user.credentials.user', true],
    ['user.password.length', false],
    ['tokenCount', false],
    ['order.items[0].name', false],
  ])('the result of the expression %s: %s', async (expression, isHidden) => {
    const { hit } = await answerOf(captureOf({}, { expressions: [{ expression, value: 'plain words' }] }));
    expect(JSON.stringify(hit.expressions).includes('plain words')).toBe(!isHidden);
  });

  it('but not whether the comparison held', async () => {
    const { hit } = await answerOf(captureOf({}, { expressions: [{ expression: 'user.password === other', value: true }] }));
    expect(hit.expressions).toEqual([{ expression: 'user.password === other', value: true }]);
  });
});
