import { describe, expect, it } from 'vitest';
import { createRandom, freshSeed } from '../../agents-sim/random.ts';
import { Capture } from '../../src/agent/values/capture.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';
import { benign, sensitive } from '../redaction/corpus.ts';
import { agentSecrets, samples, vendorTokens } from './secret-samples.ts';

const secrets = agentSecrets();
const seed = freshSeed();
const tokens = vendorTokens(createRandom(seed).next);

const hide = (text: string, maxChars = 256): { shown: string; counts: Record<string, number> } => {
  const counts: Record<string, number> = {};
  return { shown: secrets.hide(text, maxChars, counts), counts };
};

const markers = (text: string): string[] => [...text.matchAll(/\[REDACTED:([a-z0-9-]+)/g)].map(([, rule]) => rule as string);

describe('secrets in text, before it leaves the process', () => {
  it.each(samples)('$rule: the secret of $text is replaced and counted', ({ text, secret, rule }) => {
    for (const around of [text, `${text} and more`, `"${text}`, `first, ${text}`]) {
      const { shown, counts } = hide(around);
      expect(shown).not.toContain(secret);
      expect(markers(shown)).toContain(rule);
      expect(counts[rule]).toBe(markers(shown).filter((one) => one === rule).length);
    }
  });

  it(`tokens of every vendor are replaced wherever they stand (seed ${seed})`, () => {
    for (const { rule, token } of tokens) {
      expect(hide(token)).toEqual({ shown: `[REDACTED:${rule}]`, counts: { [rule]: 1 } });
      expect(hide(`key ${token}, then`).shown).toBe(`key [REDACTED:${rule}], then`);
      if (/^\w+$/.test(token)) expect(hide(`x${token}`).shown, 'the middle of a word begins no token').toBe(`x${token}`);
    }
  });

  it('JSON stays JSON where a number was hidden', () => {
    expect(JSON.parse(hide('{"pin":4711,"name":"Ada"}').shown)).toEqual({ pin: '[REDACTED:pin]', name: 'Ada' });
  });

  it('a secret that the cut would split is hidden from its start, whatever its place', () => {
    for (const { text, secret } of [...samples, ...tokens.map(({ token }) => ({ text: token, secret: token }))]) {
      const from = text.indexOf(secret);
      for (let shown = 1; shown < secret.length; shown += secret.length > 40 ? 7 : 1) {
        const before = `${'.'.repeat(256 - from - shown - 1)} `;
        const answer = secrets.hide(before + text, 256, {});
        expect(answer.length).toBeLessThanOrEqual(256);
        if (shown >= 4) expect(answer, `${shown} characters of ${secret}`).not.toContain(secret.slice(0, shown));
      }
    }
  });

  it('a text that grew by its markers is seen to be cut, and what the cut took away is not counted', () => {
    const text = `${'pin=1234 '.repeat(27)}tail`;
    const { shown, counts } = hide(text);
    expect(secrets.isCut).toBe(true);
    expect(shown.length).toBeLessThan(text.length);
    expect(shown).toMatch(/^(pin=\[REDACTED:pin\] ?)+$/);
    expect(counts).toEqual({ pin: markers(shown).length });
  });

  it('what the program printed to look like a marker stays, and is not counted', () => {
    expect(hide('see [REDACTED:email#7caa81] and [REDACTED:password]')).toEqual({
      shown: 'see [REDACTED:email#7caa81] and [REDACTED:password]',
      counts: {},
    });
  });

  it('harmless values of the corpus are left alone', () => {
    for (const { text, name } of benign) if (name === undefined) expect(hide(text, 10_000).shown).toBe(text);
  });
});

describe('the agent and the bridge agree', () => {
  const inBridge = (text: string): string => scrubText(new Session(defaultRedactionPolicy, 'key'), text);
  const texts = [
    ...samples.map(({ text }) => text),
    ...tokens.flatMap(({ token }) => [token, `key: ${token}`, `{"value":"${token}"}`]),
    ...[...sensitive, ...benign].flatMap(({ text, name }) => [
      text,
      `${name ?? 'value'}=${text}`,
      JSON.stringify({ [name ?? 'value']: text }),
    ]),
  ];

  it(`what the agent hides in a text, the bridge hides under the same rules (seed ${seed})`, () => {
    let hidden = 0;
    for (const text of texts) {
      const { shown } = hide(text, 10_000);
      if (shown === text) continue;
      hidden += 1;
      expect(markers(inBridge(text)), text).toEqual(expect.arrayContaining([...new Set(markers(shown))]));
    }
    expect(hidden).toBeGreaterThan(tokens.length * 3);
  });

  it('the bridge keeps the markers of the agent as they are', () => {
    for (const text of texts) {
      const { shown } = hide(text, 10_000);
      if (shown === text) continue;
      const kept = inBridge(shown).match(/\[REDACTED:[a-z0-9-]+\]/g) ?? [];
      expect(kept.length, shown).toBeGreaterThanOrEqual(markers(shown).length);
    }
  });
});

describe('work', () => {
  /** Processor time, so that neighbours on the machine do not count. */
  const timeOf = (run: () => void): number => {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  };
  const shapes = [
    ...[
      'sk-',
      'ghp_',
      'eyJ',
      '-eyJhbGci.',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY-----',
      'a://b:',
      '://a:x/@',
      'bearer ',
      'bearer+',
    ],
    ...[
      'password=',
      'password="',
      '"password":"',
      'password=\\"',
      '--token ',
      'api key: ',
      'password%3D',
      'a:',
      '=',
      '\\',
      'a',
      'aB3',
      ' ',
    ],
    ...['\x1b[0m', '\x1b[', '\\u001b[', '[REDACTED:x]', 'a\u200b', 'ｐ', 'password＝', 'ghp_\u00ad'],
    ...['digest a=\\"', 'digest a=x,', 'authorization: a="', 'authorization: a=\\"', 'Private-Lines: 1', '\\n'],
    ...tokens.map(({ token }) => token.slice(0, 4)),
  ];

  it('takes time in proportion to the text, whatever the text', { timeout: 120_000 }, () => {
    for (const shape of shapes) {
      const textOf = (chars: number): string => shape.repeat(Math.ceil(chars / shape.length)).slice(0, chars);
      const [small, large] = [textOf(16_384), textOf(131_072)];
      if (timeOf(() => hide(large, large.length)) < 12) continue;
      let ratio = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 8 && ratio > 2.5; attempt += 1) {
        const least = (text: string): number => Math.min(...[1, 2, 3].map(() => timeOf(() => hide(text, text.length))));
        ratio = Math.min(ratio, (least(large) / least(small)) ** (1 / 3));
      }
      expect(ratio, `${shape}: growth per doubling`).toBeLessThanOrEqual(2.5);
    }
  });

  it('looks at no more of a long text than what is shown, and a little beyond', () => {
    const long = 'password=hunter2 '.repeat(64 * 1024);
    const time = (text: string): number =>
      Math.min(
        ...[1, 2, 3].map(() =>
          timeOf(() => {
            for (let round = 0; round < 2_000; round += 1) hide(text);
          }),
        ),
      );
    expect(time(long) / time(long.slice(0, 2_000))).toBeLessThan(3);
  });

  it('shows no text that it had no time to search', () => {
    const capture = new Capture({ depth: 3, nodes: 1_000, bytes: 100_000, deadlineMs: 0 }, { hidden: () => undefined, secrets });
    const { token } = tokens[0] as { token: string };
    const order = { [`is ${token}`]: new Error(token), ...Object.fromEntries(samples.map(({ text }, at) => [`n${at}`, text])) };
    const shown = Array.from({ length: 200 }, () => [
      ...[capture.value(order, 'order', 1), capture.value(`${'.'.repeat(200)} ${token}`, 'text', 1), capture.keep(token, 500)],
    ]);
    expect(capture.cut).toContain('time');
    for (const secret of [token, ...samples.map((one) => one.secret)]) expect(JSON.stringify(shown)).not.toContain(secret);
    expect(shown[0]?.[1], 'the first texts are still searched').toBe(`${'.'.repeat(200)} [REDACTED:${tokens[0]?.rule}]`);
    expect(shown.at(-1)).toEqual([expect.anything(), { $: 'cut', why: 'time' }, '']);
  });
});
