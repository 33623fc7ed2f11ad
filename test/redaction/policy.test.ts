import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/lib/refusal.ts';
import { applies, defaultRedactionPolicy, toAgentRules } from '../../src/redaction/policy.ts';
import { parseRedactionPolicy } from '../../src/redaction/policy-file.ts';
import { rules } from '../../src/redaction/rules.ts';
import { scan } from '../../src/redaction/scan.ts';
import { Session } from '../../src/redaction/session.ts';

const manyPatterns = `patterns:\n  a:\n    match: [${Array.from({ length: 12 }, (_, at) => `'[a-z]{9${at + 10}}'`).join(', ')}]\n`;
const manyNames = `sources: ${JSON.stringify(
  Array.from({ length: 4 }, (_, at) => ({
    pool: 'a',
    names: Object.fromEntries(Array.from({ length: 40 }, (_, each) => [`r-${at}-${each}`, ['loyalty']])),
  })),
)}\n`;
const parse = (yaml: string) => parseRedactionPolicy(yaml, 'policies/redaction.yaml').base;

function messageOf(yaml: string): string {
  try {
    parse(yaml);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  return '';
}

describe('the redaction policy', () => {
  it('that is shipped is the default', () => {
    expect(parse(readFileSync(new URL('../../policies/redaction.yaml', import.meta.url), 'utf8'))).toEqual(
      defaultRedactionPolicy,
    );
  });

  it.each([
    ['an unknown key', 'profile: debug\nprofil: strict\n', /redaction\.yaml:2:1: .*unknown key/],
    ['an unknown profile', 'tags: true\nprofile: lax\n', /redaction\.yaml:2:1: profile/],
    ['a secret among the shown classes', 'show: [password]\n', /redaction\.yaml:1:\d+: show/],
    ['an unknown class', 'show:\n  - nonsense\n', /redaction\.yaml:2:\d+: show/],
    ['a rule name that a marker cannot show', 'names:\n  Bad Name: [x y]\n', /redaction\.yaml:2:3: names/],
    [
      'a rule name that no agent takes',
      'names:\n  constructor: [loyalty]\n',
      /redaction\.yaml:2:3: names\.constructor: no name that every object has/,
    ],
    [
      'a phrase with a character that no agent takes',
      'names:\n  mine: ["loyal\\u200bty"]\n',
      /redaction\.yaml:2:10: names\.mine\[0\]: .*cannot be seen/,
    ],
    ['more names than agents take', manyNames, /redaction\.yaml:1:1: names of the file and all sources are too many for agents/],
    ['a phrase without words', 'names:\n  mine: ["42"]\n', /redaction\.yaml:2:\d+: names\.mine/],
    ['a repeated key', 'profile: debug\nprofile: strict\n', /redaction\.yaml:2:1/],
    ['a class that is shown and hidden', 'show: [email]\nhide: [phone, email]\n', /redaction\.yaml:2:15: hide\[1\]: email/],
    ['a secret among the hidden classes', 'hide: [password]\n', /redaction\.yaml:1:8: hide\[0\]/],
    ['a list in place of a pattern', "patterns:\n  ref: ['x']\n", /redaction\.yaml:2:3: patterns\.ref: expected match below it/],
    [
      'an unknown key of a pattern',
      'patterns:\n  ref: {match: [x], flags: i}\n',
      /redaction\.yaml:2:21: .*unknown key; expected match, examples/,
    ],
    [
      'a pattern the engine cannot take',
      "patterns:\n  ref:\n    match: [ok, 'x(?=y)']\n",
      /redaction\.yaml:3:17: patterns\.ref\.match\[1\]: .*character 2/,
    ],
    [
      'a pattern under a rule of ours',
      'patterns:\n  derived: {match: [x]}\n',
      /redaction\.yaml:2:3: patterns\.derived: this rule is ours/,
    ],
    [
      'patterns that are too much together',
      manyPatterns,
      /redaction\.yaml:1:1: the patterns compile to more than 10000 instructions in all/,
    ],
    [
      'examples that nothing hides',
      "patterns:\n  ref:\n    match: ['ORD-[0-9]{3}']\n    examples: {hide: [ORD-123, ord-1]}\n",
      /redaction\.yaml:4:32: patterns\.ref\.examples\.hide\[1\]: nothing in it matches/,
    ],
    [
      'examples that should be kept',
      "patterns:\n  ref:\n    match: ['ORD-[0-9]{3}']\n    examples:\n      keep: [see ORD-123]\n",
      /redaction\.yaml:5:14: patterns\.ref\.examples\.keep\[0\]: something in it matches/,
    ],
    [
      'a path that is none',
      "allow_list:\n  paths: [a.b, 'a b']\n",
      /redaction\.yaml:2:16: allow_list\.paths\[1\]: expected names with dots/,
    ],
    ['an entry for every source', 'sources:\n  - profile: strict\n', /redaction\.yaml:2:5: expected pool, service or both/],
    [
      'an unknown key of an entry',
      'sources:\n  - pool: a\n    profil: x\n',
      /redaction\.yaml:3:5: sources\[0\]\.profil: unknown key/,
    ],
    [
      'a mistake inside an entry',
      "sources:\n  - pool: a\n    patterns: {x: {match: ['(']}}\n",
      /redaction\.yaml:3:28: sources\[0\]\.patterns\.x\.match\[0\]: missing closing \)/,
    ],
    ['an alias', 'show: &a [email]\nnames: *a\n', /redaction\.yaml:2/],
  ])('refuses %s with file and line', (_, yaml, message) => {
    expect(messageOf(yaml)).toMatch(message);
  });

  it('cannot switch off any secret, whatever it says', () => {
    const lowest = { ...parse('profile: secrets-only\ntags: false\n'), show: Object.keys(rules) };
    const secrets = Object.keys(rules).filter((rule) => rules[rule]?.kind === 'secret');
    expect(secrets.filter((rule) => !applies(lowest, rule))).toEqual([]);
    expect(Object.keys(toAgentRules(lowest).hidden)).toContain('password');
    expect(scan(new Session(lowest, 'k'), 'password=hunter2 ada@example.com')).toBe(
      'password=[REDACTED:password] ada@example.com',
    );
  });

  it('shows personal classes it names and hides the others', () => {
    const session = new Session(parse('show: [email]\n'), undefined);
    expect(scan(session, 'ada@example.com 536-22-8765')).toBe('ada@example.com [REDACTED:ssn]');
  });

  it.each(['debug', 'secrets-only'])('hides personal classes it names under %s, too', (profile) => {
    const session = new Session(parse(`profile: ${profile}\nhide: [email, private-ip, user-name]\n`), undefined);
    expect(scan(session, 'ada@example.com at 10.0.0.12')).toBe('[REDACTED:email] at [REDACTED:private-ip]');
    expect(session.nameRule('userName')).toBe('user-name');
  });

  it('hides private addresses only under strict', () => {
    expect(scan(new Session(parse('profile: debug'), undefined), 'from 10.0.0.12 on')).toBe('from 10.0.0.12 on');
    expect(scan(new Session(parse('profile: strict'), undefined), 'from 10.0.0.12 on')).toBe('from [REDACTED:private-ip] on');
  });

  it('is explained in docs/redaction.md with an example that loads', () => {
    const docs = readFileSync(new URL('../../docs/redaction.md', import.meta.url), 'utf8');
    const example = /```yaml\n(profile: [^`]+)```/.exec(docs)?.[1] ?? '';
    expect(parseRedactionPolicy(example, 'docs').for({ pool: 'vault', service: 'payments' }).allowLists).toHaveLength(1);
  });

  it('has every rule in docs/redaction.md', () => {
    const docs = readFileSync(new URL('../../docs/redaction.md', import.meta.url), 'utf8');
    expect(
      Object.entries(rules)
        .filter(([name, { meaning }]) => !docs.includes(`| \`${name}\` | ${meaning} |`))
        .map(([name]) => name),
    ).toEqual([]);
  });

  it('is bundled with the licences of redact-pii and lodash', () => {
    const words = (text: string): string => text.replace(/[>\s]+/g, ' ').trim();
    const docs = words(readFileSync(new URL('../../docs/redaction.md', import.meta.url), 'utf8'));
    for (const name of ['redact-pii', 'lodash']) {
      const licence = readFileSync(new URL(`../../node_modules/${name}/LICENSE`, import.meta.url), 'utf8');
      for (const part of licence.split('====').slice(0, 2)) expect(docs).toContain(words(part));
    }
  });
});
