import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/protocol/value.ts';
import { parseJsonText } from '../../src/redaction/json-text.ts';
import { keyLinesIn } from '../../src/redaction/key-lines.ts';
import { answerOf, captureOf } from './capture-data.ts';

const taken = (value: unknown): Value => parseJsonText(JSON.stringify(value)) as Value;
const variableOf = async (name: string, value: Value): Promise<unknown> =>
  (await answerOf(captureOf({ [name]: value }))).hit.variables[name];
const shown = async (value: unknown): Promise<string> => JSON.stringify(await variableOf('list', taken(value)));

describe('a list of two texts', () => {
  it.each([
    [['password', 'hunter2!x']],
    [['set-cookie', 'sid=sommer']],
    [['x-api-key', 'k1']],
    [['password', 'correct horse']],
    [['token', 'XkTqLmPwRs']],
    [['token', 'abcdefghijklmnopqrstuv']],
  ])('%j is a name and its value', async (pair) => {
    expect(await shown(pair)).toMatch(new RegExp(`^\\["${pair[0]}","\\[REDACTED:`));
  });

  it.each([
    [['email', 'name']],
    [['token', 'refresh']],
    [['phone', 'web']],
    [['password', 'confirmPassword']],
    [['token', 'user_id']],
    [['cookie', 'SESSION']],
    [['email', 'asc']],
  ])('%j is a list of words', async (words) => {
    expect(await shown(words)).toBe(JSON.stringify(words));
  });

  it('is a name and its value among others of the kind, whatever the value', async () => {
    expect(await shown([['password', 'sommer']])).toMatch(/^\[\["password","\[REDACTED:password/);
    expect(
      await shown([
        ['id', 'sommer'],
        ['token', 'refresh'],
      ]),
    ).toMatch(/^\[\["id","sommer"\],\["token","\[REDACTED:token/);
    expect(
      await shown([
        ['email', 'work'],
        ['id', 'desc'],
      ]),
      'in the form of what the name hides',
    ).toBe('[["email","work"],["id","desc"]]');
    expect(await shown([['password', 'sommer'], 'x'])).toBe('[["password","sommer"],"x"]');
  });

  it('is none where the list was cut, or has no order that means anything', async () => {
    const words = { $: 'array' as const, elements: ['password', 'hunter2!x'] };
    expect(JSON.stringify(await variableOf('list', { ...words, length: 9 }))).toContain('hunter2!x');
    expect(JSON.stringify(await variableOf('list', { ...words, length: 2, className: 'Set' }))).toContain('hunter2!x');
  });
});

describe('a login', () => {
  it.each([
    ['auth', 'ada:sommer'],
    ['proxyAuth', 'ada:sommer'],
    ['_auth', 'YWRhOnNvbW1lcjE'],
    ['auth', ['ada', 'sommer']],
    ['basicAuth', { user: 'ada', word: 'sommer' }],
  ])('under %s is hidden: %j', async (name, login) => {
    const request = await variableOf('request', taken({ [name]: login }));
    expect(JSON.stringify(request)).toContain('[REDACTED:');
    expect(JSON.stringify(request)).not.toMatch(/sommer|YWRhOn/);
  });

  it.each([
    ['auth', 'basic'],
    ['auth', 'oauth2'],
    ['auth', 'aws4-hmac-sha256'],
    ['auth', 'required'],
    ['auth', '/auth/v1:login'],
    ['auth', 'https://sso.example/x'],
    ['auth', ['basic', 'digest']],
    ['author', 'ada:lovelace'],
  ])('is not what stands under %s here: %j', async (name, value) => {
    const request = { [name]: value };
    expect(JSON.stringify(await variableOf('request', taken(request)))).toBe(JSON.stringify(request));
  });
});

describe('the key of a Map', () => {
  const entryOf = async (key: Value) =>
    JSON.stringify(await variableOf('store', { $: 'map', size: 1, entries: [[key, 'sommer']] }));

  it.each<[string, Value]>([
    ['a text', 'password'],
    ['a symbol', { $: 'symbol', text: 'Symbol(password)' }],
    ['a text that was cut', { $: 'string', text: 'the password of', length: 90 }],
  ])('names its value when it is %s', async (_, key) => {
    expect(await entryOf(key)).not.toContain('sommer');
  });

  it('names none when it is something else', async () => {
    expect(await entryOf(7)).toContain('sommer');
    expect(await entryOf({ $: 'symbol', text: 'Symbol(state)' })).toContain('sommer');
  });
});

describe('a private key in lines', () => {
  const key = ['-----BEGIN PRIVATE KEY-----', 'MC4CAQAw', 'c29tbWVy', '-----END PRIVATE KEY-----'];

  it('is hidden from its beginning to its end, and nothing around it', async () => {
    const seen = await shown(['first', ...key, 'MC4CAQAw', 'last']);
    expect(seen).toMatch(/^\["first",("\[REDACTED:private-key#\w+\]",){4}"MC4CAQAw","last"\]$/);
  });

  it('without its end is hidden as long as lines look like it', async () => {
    expect(await shown([...key.slice(0, 3), 'and words, then', 'c29tbWVy'])).toMatch(/\]","and words, then","c29tbWVy"\]$/);
  });

  it('is looked for in time that grows with the list', () => {
    const lines = Array.from({ length: 200_000 }, () => '-----BEGIN PRIVATE KEY-----');
    const start = performance.now();
    expect(keyLinesIn(lines)?.size ?? 0).toBe(0);
    expect(performance.now() - start, 'milliseconds; some minutes when every line looks for its end').toBeLessThan(5_000);
  });
});

describe('a private key without its frame', () => {
  const keys = [
    ...[generateKeyPairSync('rsa', { modulusLength: 1024 }), generateKeyPairSync('ed25519'), generateKeyPairSync('x25519')],
    ...[generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ];
  const privates = keys.flatMap(({ privateKey }) => {
    const own = new Map([
      ['rsa', 'pkcs1'],
      ['ec', 'sec1'],
    ]).get(String(privateKey.asymmetricKeyType));
    return [
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' }),
      ...(own === undefined ? [] : [privateKey.export({ type: own as 'pkcs1', format: 'der' })]),
    ];
  });

  it.each(privates.map((der) => der.toString('base64')))('%.24s… is hidden wherever it stands', async (text) => {
    const lines = text.replace(/.{64}/g, '$&\n').trim();
    for (const place of [text, `found ${text}, then`, `a ${lines}\nb`, JSON.stringify({ note: lines })]) {
      const seen = JSON.stringify(await variableOf('note', place));
      expect(seen, place).toMatch(/\[REDACTED:private-key/);
      expect(seen.match(/[A-Za-z0-9+/]{16}/g), place).toBeNull();
    }
    expect(await variableOf('note', { $: 'string', text: `a ${text.slice(0, 28)}`, length: 400 })).toMatchObject({
      text: expect.stringMatching(/^a \[REDACTED:private-key/),
    });
  });

  it('is not what a public key looks like', async () => {
    for (const { publicKey } of keys) {
      const text = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
      expect(await variableOf('note', `publicKey: "${text}"`)).not.toContain('private-key');
    }
  });
});
