import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Hiding } from '../../src/agent/probes/hiding.ts';
import { Capture } from '../../src/agent/values/capture.ts';
import { limits } from '../../src/protocol/limits.ts';
import { secretRules } from '../../src/redaction/agent-rules.ts';
import { defaultRedactionPolicy, toAgentRules } from '../../src/redaction/policy.ts';
import { agentSecrets, samples } from './secret-samples.ts';

const secrets = agentSecrets();
const hide = (text: string, maxChars = 4_000, wasCut = false): string => secrets.hide(text, maxChars, {}, wasCut);

const secret = 'zq81-4nvd-hunt3r';
const token = ['gh', 'p_', 'a8Fk2LmQ9xZt4Rb7Wc1Yd5Nv3Ge6Hj0PsUoT'].join('');

/** Ways to write a text so that it reads the same. */
const disguises: [name: string, of: (text: string) => string][] = [
  ['coloured word by word', (text) => text.replace(/[\w-]+/g, '\x1b[32m$&\x1b[39m')],
  ['coloured in its middle', (text) => text.replace(/(?<=\w\w)(?=\w\w)/g, '\x1b[01;31m\x1b[K')],
  ['coloured and written as JSON', (text) => text.replace(/[\w-]+/g, String.raw`\u001b[32m$&\u001b[39m`)],
  ['with zero-width spaces', (text) => [...text].join('\u200b')],
  ['with soft hyphens', (text) => [...text].join('\u00ad')],
  ['with word joiners around separators', (text) => text.replace(/[=:]/g, '\u2060$&\ufeff')],
  ['full-width', (text) => text.replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0))],
  ['with full-width separators', (text) => text.replaceAll('=', '＝').replaceAll(':', '：')],
];
const texts: [text: string, secret: string][] = [
  [`password=${secret}`, secret],
  [`login: apiKey: ${secret}`, secret],
  [`{"user":"ada","password":"${secret}"}`, secret],
  [`Authorization: Bearer ${secret}`, secret],
  [`see ${token}, then`, token],
  [`postgres://till:${secret}@db.internal/till`, secret],
];
const pieces = (whole: string): string[] => [whole.slice(0, 8), whole.slice(4, 12), whole.slice(-8)];

/** What a reader sees of it. */
const seen = (text: string): string =>
  text
    .replace(/(?:\x1b|\\u001b)\[[\d;]*[a-zA-Z]|[\u00ad\u200b\u2060\ufeff]/g, '')
    .replace(/[！-～]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0));

describe('secrets that are written so that a search passes them by', () => {
  it.each(disguises)('%s', (_, disguise) => {
    for (const [text, part] of texts) {
      const shown = hide(disguise(text));
      for (const piece of pieces(part)) expect(seen(shown), text).not.toContain(piece);
      expect(shown, text).toContain('[REDACTED:');
    }
  });

  it('blanks of other widths stand around a separator, and in names', () => {
    for (const blank of ['\u00a0', '\u2009', '\u202f', '\u3000']) {
      expect(hide(`password${blank}=${blank}${secret}`)).toBe(`password${blank}=${blank}[REDACTED:password]`);
      expect(hide(`API${blank}key: ${secret}`)).toBe(`API${blank}key: [REDACTED:api-key]`);
    }
  });

  it('the output of util.inspect, in colour', () => {
    const shown = hide(inspect({ user: 'ada', password: secret, headers: { cookie: `sid=${secret}` } }, { colors: true }));
    expect(shown).not.toContain(secret);
    expect(shown).toContain('ada');
  });

  it('a token directly behind a colour', () => {
    expect(hide(`a\x1b[0m${token}\x1b[1mb`)).toBe('a\x1b[0m[REDACTED:github-token]\x1b[1mb');
    expect(hide(`a\x1b[0m${token}\x1b[1mb, pass\u200bword=${secret} c`)).toBe(
      'a\x1b[0m[REDACTED:github-token]\x1b[1mb, pass\u200bword=[REDACTED:password] c',
    );
    expect(hide(`line\\n${token}\\nmore`), 'behind a written end of line').toBe('line\\n[REDACTED:github-token]\\nmore');
  });

  it('a marker that the program printed does not split a secret', () => {
    expect(hide(`password=[REDACTED:x]${secret}`)).toBe('password=[REDACTED:x][REDACTED:password]');
    expect(hide(`{"password":"[REDACTED:x]${secret}"}`)).not.toContain(secret);
    expect(hide(`Bearer [REDACTED:x]${secret}`)).not.toContain(secret);
    expect(hide(`${token.slice(0, 14)}[REDACTED:x]${token.slice(14)}`)).toBe('[REDACTED:github-token]');
    expect(hide(`password=[REDACTED:x] page=2, key`)).toBe('password=[REDACTED:x] page=2, key');
  });

  it('invisible characters at the cut, and behind it', () => {
    for (let shown = 5; shown < token.length; shown += 5) {
      const text = `${'.'.repeat(255 - shown)} ${[...token].join('\u200b')} and more`;
      expect(seen(hide(text, 256))).not.toContain(token.slice(0, 5));
      expect(seen(hide(`${'.'.repeat(255 - shown)} ${token.slice(0, shown)}\u200b${token.slice(shown)}`, 256))).not.toContain(
        token.slice(0, 5),
      );
    }
  });

  it('plain text with such characters is shown as it is', () => {
    for (const text of [
      '\x1b[32mready\x1b[39m in \x1b[1m17 ms\x1b[22m',
      'prix\u00a0: 12\u202f€',
      '❤️ 👩‍💻 done',
      'name：Ada、東京',
      'see [REDACTED:email]@ and [REDACTED:x]: fine',
      'a\\nb\\tc',
    ])
      expect(hide(text)).toBe(text);
  });
});

describe('credentials of several parameters', () => {
  it.each([
    `Authorization: Token token="${secret}"`,
    `Authorization: Token token="${secret.replace(/\d/g, 'x')}", nonce="1"`,
    `Authorization: Token token=${secret}, nonce=5f2b`,
    `{"authorization":"Token token=\\"${secret}\\", nonce=5"}`,
    `-H "Authorization: Token token=\\"${secret}\\""`,
    `Authorization: Digest username="ada", realm="a b", response="${secret}"`,
    `sent Digest username="ada", realm="a b", response="${secret}"`,
    `sent Hawk id="dh37", ts="1353", mac="${secret}"`,
    `AWS4-HMAC-SHA256 Credential=AKID/2026/eu/s3/aws4_request, SignedHeaders=host;range, Signature=${secret}`,
    `OAuth realm="Photos", oauth_signature="${secret}"`,
    `Authorization: Shop ticket="${secret.replace(/\d/g, 'x')}"`,
    `Cookie: a="b c"; sid="${secret}"`,
  ])('%s', (text) => {
    for (const around of [text, `${text}\nnext line`, `first, ${text}`]) {
      const shown = hide(around);
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(secret.replace(/\d/g, 'x'));
      expect(shown.endsWith('next line')).toBe(around.endsWith('next line'));
    }
  });

  it('a quote behind base64 ends the value', () => {
    const text = "curl -H 'Authorization: Basic dGlsbDpodW50M3I=' https://shop.example/orders";
    expect(hide(text)).toBe("curl -H 'Authorization: [REDACTED:authorization]' https://shop.example/orders");
  });

  it('a private key in a query', () => {
    const text = `/import?key=-----BEGIN%20EC%20${'PRIVATE'}%20KEY-----%0A${secret}%0A-----END%20EC%20${'PRIVATE'}%20KEY-----&page=2`;
    expect(hide(text)).not.toContain(secret);
    expect(hide(text.replaceAll('%20', '+'))).toBe('/import?key=[REDACTED:private-key]&page=2');
  });

  it('words that are schemes and have no parameters are left alone', () => {
    for (const text of [
      'digest of the page: ok',
      'the signature matches',
      'OAuth client, hawk eyes',
      'digest sha256:9f8e7d6c5b4a',
    ])
      expect(hide(text)).toBe(text);
  });

  it('signatures and codes in the query of a URL, also of one inside another', () => {
    const signature = 'aO60aFMrT19jSzq1uKqeRX1p';
    expect(hide(`https://files.example/k?code=${signature}&page=2`)).toBe(
      'https://files.example/k?code=[REDACTED:url-secret]&page=2',
    );
    expect(hide(`/go?to=%2Fk%3Fcode%3D${signature}%26page%3D2`)).toBe('/go?to=%2Fk%3Fcode%3D[REDACTED:url-secret]%26page%3D2');
    for (const text of ['/k?code=4711&key=a1', '/k?key=primary-navigation-bar', `code=${signature}`])
      expect(hide(text)).toBe(text);
  });

  it('private lines of a key of PuTTY', () => {
    const file = (end: string): string =>
      `PuTTY-User-Key-File-3: ssh-rsa\r\nComment: ada\r\nPublic-Lines: 1\r\nAAAAB3\r\nPrivate-Lines: 2\r\nMIIE${secret}\r\n${secret}${end}`;
    expect(hide(file(''))).not.toContain(secret);
    expect(hide(file('\r\nPrivate-MAC: 5f2b\r\nnext'))).toMatch(/AAAAB3\r\n\[REDACTED:private-key\]\r\nnext$/);
    expect(hide(JSON.stringify(file('\r\nPrivate-MAC: 5f2b')))).not.toContain(secret);
    expect(hide('Private-Lines: none')).toBe('Private-Lines: none');
  });
});

describe('what is cut by a ceiling of the agent', () => {
  const rules = { hidden: () => undefined, secrets };
  const bounds = { depth: 3, nodes: 1_000, bytes: 100_000, deadlineMs: Number.POSITIVE_INFINITY };
  const shownOf = (value: unknown): string => JSON.stringify(new Capture(bounds, rules).value(value, 'value', 1));
  const places: [name: string, maxChars: number, of: (text: string) => unknown][] = [
    ['messages of errors', limits.maxMessageChars, (text) => Object.assign(new Error(text), { stack: '' })],
    ['stacks of errors', limits.maxErrorStackChars, (text) => Object.assign(new Error(''), { stack: text })],
    ['symbols', limits.maxStringChars, (text) => Symbol(text.slice('Symbol('.length))],
    ['regular expressions', limits.maxStringChars, (text) => new RegExp(text.slice(1))],
    ['names of fields', limits.maxNameChars, (text) => ({ [text]: 1 })],
    ['names of symbols', limits.maxNameChars, (text) => ({ [Symbol(text.slice('Symbol('.length))]: 1 })],
    ['names of functions', limits.maxNameChars, (text) => Object.defineProperty(() => 1, 'name', { value: text })],
    ['keys of maps', limits.maxStringChars, (text) => new Map([[text, 1]])],
  ];

  it.each(places)('%s show no beginning of a secret', (_, maxChars, of) => {
    for (const [text, part] of [[token, token] as const, ...samples.map((one) => [one.text, one.secret] as const)]) {
      const from = text.indexOf(part);
      for (let left = 4; left < part.length && left < 40; left += 3) {
        const shown = shownOf(of(`${'.'.repeat(maxChars - from - left - 1)} ${text}`));
        expect(shown, `${left} of ${part}`).not.toContain(part.slice(0, left));
      }
    }
  });

  it('what was cut before it is searched', () => {
    expect(hide(`key ${token.slice(0, 12)}`, 500, true)).toBe('key [REDACTED:github-token]');
    expect(hide(`\x1b[1mkey ${token.slice(0, 6)}\u200b${token.slice(6, 12)}`, 500, true)).toBe(
      '\x1b[1mkey [REDACTED:github-token]',
    );
  });

  it('sentences of the agent that were cut where they were made', () => {
    const hiding = new Hiding();
    hiding.setRules({ names: toAgentRules(defaultRedactionPolicy), secrets: secretRules, pause: false });
    const cut = `${'.'.repeat(limits.maxMessageChars - 13)} ${token.slice(0, 12)}`;
    const line = '// cart.total()';
    const place = { file: 'a.js', line: 1, function: `is ${token}`, text: line };
    const told = hiding.state({
      ...{
        id: 'act_1',
        rev: 1,
        state: 'failed',
        hits: 0,
        at: [place],
        lastError: cut,
        message: cut.replace('.'.repeat(15), line),
      },
      ...{ engine: { name: 'breakpoint', why: cut }, problem: { part: 'line', deployed: [line] } },
    });
    expect(
      JSON.stringify([told, hiding.located({ t: 'located', q: 'q1', places: [], isComplete: true, message: cut })]),
    ).not.toContain(token.slice(0, 8));
    expect(told.message).toContain(line);
  });
});
