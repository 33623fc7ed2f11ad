import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/redaction/patterns.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { scan } from '../../src/redaction/scan.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';
import { answerOf, captureOf, object } from './capture-data.ts';

const policyWith = (patterns: Record<string, string[]>) => ({ ...defaultRedactionPolicy, patterns });
const hiddenBy = (expression: string, text: string): string =>
  scan(new Session(policyWith({ own: [expression] }), undefined), text);
const problemOf = (expression: string): string | undefined => {
  const made = compilePattern(expression);
  return 'problem' in made ? made.problem : undefined;
};

describe('a pattern of the policy’s own', () => {
  it.each([
    ['a whole match', 'ORD-[0-9]{6}', 'see ORD-123456, ORD-99', 'see [REDACTED:own], ORD-99'],
    [
      'the first group of a match',
      'customer (?:no\\.|number) ([0-9]+)',
      'customer no. 4711 paid',
      'customer no. [REDACTED:own] paid',
    ],
    ['the whole match where the group took no part', 'k=(?:([a-z]+)|[0-9]+);', 'k=ab; k=12;', 'k=[REDACTED:own]; [REDACTED:own]'],
    ['nothing where the group is empty', 'k=([a-z]*)', 'k=; k=ab', 'k=; k=[REDACTED:own]'],
    ['what is shorter than any built-in form', '[A-Z]{2}[0-9]{2}', 'AB12', '[REDACTED:own]'],
    ['letters of either case', '(?i)kd-[0-9]+', 'KD-12 kd-13', '[REDACTED:own] [REDACTED:own]'],
    ['characters beyond the basic plane', '😀[0-9]+', 'a 😀42 b', 'a [REDACTED:own] b'],
    ['what stands in base64', 'ORD-[0-9]{6}', Buffer.from('ref: ORD-123456 x').toString('base64'), '[REDACTED:own]'],
    ['what stands in percent-encoding', 'ORD:[0-9]{6}', 'q=ORD%3A123456', 'q=[REDACTED:own]'],
  ])('hides %s', (_, expression, text, shown) => {
    expect(hiddenBy(expression, text)).toBe(shown);
  });

  it('hides numbers that it fits, and what JSON inside a text holds', async () => {
    const policy = policyWith({ member: ['^[0-9]{9}$', 'M-[0-9]{4}'] });
    const data = captureOf({
      id: 123456789,
      small: 12,
      big: { $: 'bigint', text: '987654321' },
      order: object({ body: '{"member":"M-1234","n":1}' }),
    });
    const { hit, stored } = await answerOf(data, policy);
    expect(hit.variables).toMatchObject({ small: 12 });
    expect(stored).not.toMatch(/123456789|987654321|M-1234/);
    expect(hit.redacted).toMatchObject({ member: 3 });
  });

  it.each([
    ['as it is shown', 'api ORD-123456', 'ORD-[0-9]{6}'],
    ['as it was', 'api', 'api'],
  ])('hides some of a name, and what that name tells %s of a value in its container', async (_, name, pattern) => {
    const inner = object({ key: 'k3v9-xz1', size: 'k7w2-ab3' });
    const data = captureOf({ byName: { $: 'map', size: 1, entries: [[name, inner]] } });
    const { stored } = await answerOf(data, policyWith({ order: [pattern] }));
    expect(stored).not.toMatch(/ORD-|"api"|k3v9-xz1/);
    expect(stored).toContain('k7w2-ab3');
  });

  it('gives equal values equal tags, and hides hits that were captured before it was written', async () => {
    const data = captureOf({ a: 'ORD-123456', b: 'ORD-123456', c: 'ORD-654321' });
    const { hit } = await answerOf(data, defaultRedactionPolicy, policyWith({ order: ['ORD-[0-9]{6}'] }));
    const { a, b, c } = hit.variables as Record<string, string>;
    expect(a).toMatch(/^\[REDACTED:order#[0-9a-f]{6}\]$/);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });

  it('under a class of the table hides where that class is hidden', () => {
    const policy = policyWith({ phone: ['ext\\. [0-9]{4}'] });
    expect(scan(new Session(policy, undefined), 'ask ext. 4711')).toBe('ask [REDACTED:phone]');
    expect(scan(new Session({ ...policy, show: ['phone'] }, undefined), 'ask ext. 4711')).toBe('ask ext. 4711');
  });

  it('leaves ids in labels alone', () => {
    expect(scan(new Session(policyWith({ own: ['act_[a-z0-9]+'] }), undefined), 'act_12345678', { secretsOnly: true })).toBe(
      'act_12345678',
    );
  });

  it.each([
    ['look-ahead', 'x(?=y)', /unsupported.*"\(\?=" at character 2.*no look-around/],
    ['look-behind', '(?<=a)b', /"\(\?<=a\)b" at character 1/],
    ['back-references', '(a)\\1', /"\\\\1" at character 4.*no back-references/],
    ['an open bracket', 'a(b', /missing closing \)/],
    ['what fits the empty text', 'a*', /matches the empty text; .*\+ for \*/],
    ['what fits between characters', '\\b', /matches the empty text/],
    ['what compiles to too much', '[a-z]{900}[a-z]{900}[a-z]{900}', /compiles to 2702 instructions; at most 1000/],
  ])('is refused with %s', (_, expression, problem) => {
    expect(problemOf(expression)).toMatch(problem);
  });

  it('hides the rest unseen when an expression with an upper bound would read too much', () => {
    const found = compilePattern('(?i)([a-z]{1,200}){1,2}#|a');
    if ('problem' in found) throw new Error(found.problem);
    const stretches = found.find('a'.repeat(16_384));
    expect(stretches.length).toBeLessThan(20);
    expect(stretches.at(-1)?.end).toBe(16_384);
  });

  it('hides the rest unseen when looking for all matches would read too much', () => {
    const text = 'a'.repeat(100_000);
    const found = compilePattern('a.*z|a');
    if ('problem' in found) throw new Error(found.problem);
    const stretches = found.find(text);
    expect(stretches.length).toBeLessThan(1_000);
    expect(stretches.at(-1)?.end).toBe(text.length);
    expect(scrubText(new Session(policyWith({ own: ['a.*z|a'] }), undefined), text)).not.toContain('a'.repeat(20));
  });

  it('finds every match of an expression that says how long they are', () => {
    const text = 'ORD-123456 [x]+ '.repeat(5_000);
    const shown = hiddenBy('ORD-[0-9]{1,6}', text);
    expect(shown).not.toContain('ORD-');
    expect(shown.match(/\[REDACTED:own\]/g)).toHaveLength(5_000);
  });

  it('share one budget for a text, and hide all of it where that is spent', () => {
    const text = 'a'.repeat(16_384);
    const patterns = Object.fromEntries(
      Array.from({ length: 10 }, (_, rule) => [`own-${rule}`, Array.from({ length: 20 }, (_, at) => `a.*${rule}X${at}z|a`)]),
    );
    const startedAt = performance.now();
    const shown = scan(new Session(policyWith(patterns), undefined), text);
    expect(performance.now() - startedAt, 'thirty seconds when each had its own').toBeLessThan(3_000);
    expect(shown).toMatch(/^\[REDACTED:own-\d\]$/);
  });

  it('find every match of fifty ordinary expressions in 16 kB', () => {
    const patterns = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`own-${at}`, [`R${at}-[0-9]+`, `(?i)\\bref${at}: ?([a-z0-9-]{4,20})`]]),
    );
    const text = Array.from({ length: 1_000 }, (_, at) => `order R${at % 60}-${at} ok`).join('\n');
    const shown = scan(new Session(policyWith(patterns), undefined), text);
    expect(shown.match(/\[REDACTED:own-\d+\] ok/g)).toHaveLength(
      Array.from({ length: 1_000 }, (_, at) => at % 60).filter((n) => n < 50).length,
    );
    expect(shown).toContain('order R55-55 ok');
  });
});
