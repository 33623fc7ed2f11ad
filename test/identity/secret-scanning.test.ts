import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findSecrets } from '../../src/identity/found-secrets.ts';
import { makeKey, readKey } from '../../src/identity/key-form.ts';
import { isToken, makeToken } from '../../src/identity/token-form.ts';

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

interface Rule {
  id: string;
  regex: string;
  keywords: string[];
}

/** The part of TOML that the file uses: tables of rules, one value a line, literal and basic strings, lists of strings. */
function gitleaksRules(text: string): Rule[] {
  const rules: Record<string, unknown>[] = [];
  let table: Record<string, unknown> = {};
  for (const line of text.split('\n').filter((each) => each.trim() !== '' && !each.startsWith('#'))) {
    const [, name] = /^\[\[(\w+)\]\]$/.exec(line) ?? [];
    const [, key = '', literal, basic] = /^(\w+) = (?:'''(.*)'''|(".*"|\[".*"\]|\d+|true))$/.exec(line) ?? [];
    if (name === 'rules' || line === '[extend]') {
      table = {};
      if (name === 'rules') rules.push(table);
    } else if (key !== '') table[key] = literal ?? (JSON.parse(basic ?? '') as unknown);
    else throw new Error(`Not read: ${line}`);
  }
  return rules as unknown as Rule[];
}

const gitleaks = gitleaksRules(read('secret-scanning/gitleaks.toml'));
const trufflehog = (
  parse(read('secret-scanning/trufflehog.yaml')) as {
    detectors: { name: string; keywords: string[]; regex: Record<string, string> }[];
  }
).detectors.map(({ name, keywords, regex }) => ({ id: name, keywords, regex: Object.values(regex).join('|') }));
const [, secret = '', before = '', after = ''] = /^```\n(sl.+)\n(.+)\n(.+)\n```$/m.exec(read('keys.md')) ?? [];
// GitHub anchors by \A and \z, which JavaScript spells ^ and $.
const github = `(?:${before.replace('\\A', '^')})(${secret})(?:${after.replace('\\z', '$')})`;

const scanners: { scanner: string; rules: Rule[] }[] = [
  { scanner: 'gitleaks', rules: gitleaks },
  { scanner: 'trufflehog', rules: trufflehog },
  { scanner: 'push protection of GitHub', rules: [{ id: 'github', regex: github, keywords: ['sl'] }] },
];

/** What a scanner finds: a rule looks only where one of its keywords is. */
function findings(rules: Rule[], text: string): string[] {
  return rules
    .filter(({ keywords }) => keywords.some((keyword) => text.includes(keyword)))
    .flatMap(({ regex }) => [...text.matchAll(new RegExp(regex, 'g'))].map((match) => match[1] ?? ''));
}

const made: Record<string, () => string> = {
  'an API key': () => makeKey('api').secret,
  'an enrolment key': () => makeKey('enrolment').secret,
  'an access token': () => makeToken('access'),
  'a refresh token': () => makeToken('refresh'),
  'a code': () => makeToken('code'),
};

const surroundings: Record<string, (key: string) => string> = {
  'an env file': (key) => `PORT=7433\nSIDELIGHT_API_KEY=${key}\n`,
  JSON: (key) => JSON.stringify({ headers: { Authorization: `Bearer ${key}` } }),
  YAML: (key) => `env:\n  - name: KEY\n    value: ${key}  # rotate\n`,
  'a URL': (key) => `https://sidelight.example.com/mcp?access_token=${key}&x=1`,
  'a log': (key) => `2026-01-01T00:00:00Z WARN sent "authorization: bearer ${key}", got 401\n`,
  code: (key) => `const client = connect(url, { key: '${key}' });`,
};

const cases = scanners.flatMap((each) => Object.keys(made).map((kind) => ({ ...each, kind })));

describe('the rules for secret scanners', () => {
  it('are read: every scanner has rules with a pattern and keywords', () => {
    expect(gitleaks.map(({ id }) => id)).toEqual(['sidelight-api-key', 'sidelight-enrolment-key', 'sidelight-oauth-token']);
    expect(trufflehog.map(({ id }) => id)).toEqual(['SidelightKey', 'SidelightOAuthToken']);
    expect(github).toContain('sl');
    for (const { rules } of scanners)
      for (const { regex, keywords } of rules) {
        // Scanners read RE2 or Hyperscan, which look neither ahead nor behind and refer to nothing.
        expect(regex).not.toMatch(/\(\?[=!<]|\\\d/);
        expect(keywords.length).toBeGreaterThan(0);
      }
  });

  it.each(cases)('of $scanner find $kind in whatever it stands in', ({ rules, kind }) => {
    for (const [where, put] of Object.entries(surroundings)) {
      for (let turn = 0; turn < 50; turn += 1) {
        const key = made[kind]?.() ?? '';
        expect(findings(rules, put(key)), `${where}: ${put(key)}`).toEqual([key]);
        expect(findSecrets(put(key)), where).toMatchObject([{ checksum: true }]);
      }
    }
  });

  it.each(scanners)('of $scanner find no near miss', ({ rules }) => {
    const [key, token] = [makeKey('api').secret, makeToken('access')];
    const nearMisses = [
      ...[
        key.slice(0, -1),
        `${key}x`,
        `x${key}`,
        key.replace('slk_', 'slx_'),
        key.replace('slk_', 'SLK_'),
        key.replace('slk_', 'slk-'),
      ],
      ...[token.slice(0, -1), `${token}0`, `1${token}`, token.replace('sla_', 'slb_'), key.replace(/_(\w{8})_/, '_$1')],
      ...[
        'slk_',
        'slk_abcdefgh_',
        `slk_abcdefg_${'a'.repeat(39)}`,
        `slk_abcdefghi_${'a'.repeat(39)}`,
        `slk_abc-efgh_${'a'.repeat(39)}`,
      ],
      ...['slack_webhook_url_for_the_team', 'sle_ and slk_ are prefixes', 'https://example.com/sla_report_2026'],
    ];
    for (const text of nearMisses) {
      for (const put of Object.values(surroundings)) expect(findings(rules, put(text)), text).toEqual([]);
      expect(findSecrets(text), text).toEqual([]);
    }
  });

  it.each(Object.keys(made))('find look-alikes of %s as well, and the checksum tells them', (kind) => {
    const key = made[kind]?.() ?? '';
    for (let at = 4; at < key.length; at += 1) {
      if (key[at] === '_') continue;
      const lookalike = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1);
      for (const { rules } of scanners) expect(findings(rules, ` ${lookalike} `)).toEqual([lookalike]);
      expect(findSecrets(lookalike)).toMatchObject([{ checksum: false }]);
      expect(readKey(lookalike)).toBeUndefined();
      expect((['access', 'refresh', 'code'] as const).some((each) => isToken(each, lookalike))).toBe(false);
    }
  });
});

describe('what is found in a text', () => {
  it('is told once each, by prefix and id, with what it opens and never whole', () => {
    const [key, agents, token] = [makeKey('api'), makeKey('enrolment'), makeToken('refresh')];
    const found = findSecrets(`${key.secret} ${key.secret}\n"${agents.secret}";${token}`);
    expect(found).toMatchObject([
      { shown: `slk_${key.id}_…`, id: key.id, hash: key.hash, what: expect.stringContaining('API key') },
      { shown: `sle_${agents.id}_…`, id: agents.id, what: expect.stringContaining('agents') },
      { shown: 'slr_…', what: expect.stringContaining('refresh token') },
    ]);
    for (const whole of [key.secret, agents.secret, token]) expect(JSON.stringify(found)).not.toContain(whole);
  });
});
