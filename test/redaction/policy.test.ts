import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/lib/refusal.ts';
import { applies, defaultRedactionPolicy, parseRedactionPolicy, toAgentRules } from '../../src/redaction/policy.ts';
import { rules } from '../../src/redaction/rules.ts';
import { scan } from '../../src/redaction/scan.ts';
import { Session } from '../../src/redaction/session.ts';

const parse = (yaml: string) => parseRedactionPolicy(yaml, 'policies/redaction.yaml');

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
    ['a phrase without words', 'names:\n  mine: ["42"]\n', /redaction\.yaml:2:\d+: names\.mine/],
    ['a repeated key', 'profile: debug\nprofile: strict\n', /redaction\.yaml:2:1/],
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

  it('hides private addresses only under strict', () => {
    expect(scan(new Session(parse('profile: debug'), undefined), 'from 10.0.0.12 on')).toBe('from 10.0.0.12 on');
    expect(scan(new Session(parse('profile: strict'), undefined), 'from 10.0.0.12 on')).toBe('from [REDACTED:private-ip] on');
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
