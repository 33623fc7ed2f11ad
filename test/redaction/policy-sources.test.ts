import { describe, expect, it } from 'vitest';
import { compileNameRules } from '../../src/protocol/names.ts';
import { RawCapture, ScrubbedCapture } from '../../src/redaction/capture.ts';
import { passOf } from '../../src/redaction/pass.ts';
import { applies, type RedactionPolicy, type RedactionSource, toAgentRules } from '../../src/redaction/policy.ts';
import { parseRedactionPolicy } from '../../src/redaction/policy-file.ts';
import { redact } from '../../src/redaction/redact.ts';
import { rules } from '../../src/redaction/rules.ts';
import { scrub } from '../../src/redaction/scrub.ts';
import { captureOf, viewOf } from './capture-data.ts';

const parse = (yaml: string) => parseRedactionPolicy(yaml, 'redaction.yaml');
const hides = (policy: RedactionPolicy, ...classes: string[]) => classes.map((rule) => applies(policy, rule));

describe('sources in the redaction policy', () => {
  it('that do not fit leave what the file says, and the same rules are the same object', () => {
    const policies = parse('sources:\n  - pool: prod-*\n    profile: strict\n');
    const other = policies.for({ pool: 'dev', service: 'shop' });
    expect(other.profile).toBe('debug');
    expect(policies.for({ pool: 'dev', service: 'cart' })).toBe(other);
    expect(policies.for({ pool: 'prod-1', service: 'a' })).toBe(policies.for({ pool: 'prod-2', service: 'b' }));
    expect(Object.isFrozen(other.names)).toBe(true);
  });

  it('fit by pool and service, and all that fit add to what the file says', () => {
    const policies = parse(`
names: {customer: [loyalty number]}
patterns: {order: {match: ['ORD-[0-9]{6}']}}
sources:
  - {pool: prod-*, names: {customer: [member number], desk: [desk code]}}
  - {service: pay*, hide: [postal-code], patterns: {order: {match: ['PAY-[0-9]{6}']}}}
`);
    expect(policies.for({ pool: 'prod-1', service: 'payments' })).toMatchObject({
      names: { customer: ['loyalty number', 'member number'], desk: ['desk code'] },
      hide: ['postal-code'],
      patterns: { order: ['ORD-[0-9]{6}', 'PAY-[0-9]{6}'] },
    });
    expect(policies.for({ pool: 'prod-1', service: 'shop' }).hide).toEqual([]);
  });

  it('stand in for the file’s profile and tags; of two that fit, the one that hides more holds', () => {
    const policies = parse(`
profile: strict
sources:
  - {pool: dev, profile: secrets-only}
  - {service: shop, profile: debug, tags: false}
  - {service: cart, tags: true}
`);
    const at = (pool: string, service: string) => policies.for({ pool, service });
    expect(at('dev', 'other')).toMatchObject({ profile: 'secrets-only', tags: true });
    expect(at('dev', 'shop')).toMatchObject({ profile: 'debug', tags: false });
    expect(at('prod', 'cart')).toMatchObject({ profile: 'strict', tags: true });
  });

  it('show and hide classes for themselves: their word beats the file’s, and hiding beats showing', () => {
    const policies = parse(`
show: [email, phone]
hide: [postal-code, location]
sources:
  - {pool: a, show: [location], hide: [email]}
  - {service: b, hide: [location]}
`);
    const classes = ['email', 'phone', 'postal-code', 'location'];
    expect(hides(policies.for({ pool: 'x', service: 'x' }), ...classes)).toEqual([false, false, true, true]);
    expect(hides(policies.for({ pool: 'a', service: 'x' }), ...classes)).toEqual([true, false, true, false]);
    expect(hides(policies.for({ pool: 'a', service: 'b' }), ...classes)).toEqual([true, false, true, true]);
  });

  it('bring their own allow-list in place of the file’s, and all of theirs must name a value', () => {
    const policies = parse(`
allow_list: {names: [status]}
sources:
  - {pool: a, allow_list: {names: [amount]}}
  - {service: b, allow_list: {paths: [order.amount]}}
`);
    const lists = (pool: string, service: string) => policies.for({ pool, service }).allowLists;
    expect(lists('x', 'x')).toEqual([{ names: ['status'], paths: [] }]);
    expect(lists('a', 'x')).toEqual([{ names: ['amount'], paths: [] }]);
    expect(lists('a', 'b')).toHaveLength(2);
    expect(policies.base.allowLists).toHaveLength(3);
  });

  it('tell their agents their own names', () => {
    const policies = parse('sources:\n  - {pool: a, profile: strict, names: {customer: [loyalty number]}}\n');
    const inAgent = (pool: string) => compileNameRules(toAgentRules(policies.for({ pool, service: 's' })));
    expect([inAgent('a')('loyaltyNumber'), inAgent('a')('email')]).toEqual(['customer', 'email']);
    expect([inAgent('b')('loyaltyNumber'), inAgent('b')('email')]).toEqual([undefined, undefined]);
  });

  it('are judged without a source by all of them together: what any hides is hidden', () => {
    const policies = parse(`
profile: secrets-only
show: [public-ip]
hide: [user-name]
sources:
  - {pool: a, profile: debug, names: {customer: [loyalty number]}, show: [user-name]}
  - {pool: b, hide: [location], tags: false, patterns: {order: {match: ['ORD-[0-9]{6}']}}}
`);
    expect(policies.for(undefined)).toBe(policies.base);
    expect(policies.base).toMatchObject({
      tags: false,
      names: { customer: ['loyalty number'] },
      patterns: { order: ['ORD-[0-9]{6}'] },
    });
    expect(hides(policies.base, 'email', 'location', 'user-name', 'public-ip', 'postal-code')).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('get no tags without a source where tags are off for any, the file’s own word included', () => {
    expect(parse('tags: false\nsources:\n  - {pool: a, tags: true}\n').base.tags).toBe(false);
    expect(parse('sources:\n  - {pool: a, tags: true}\n').base.tags).toBe(true);
  });

  it('without any of them every source has the same policy, known or not', () => {
    const policies = parse('profile: strict\n');
    expect(policies.for({ pool: 'a', service: 'b' })).toBe(policies.base);
  });
});

describe('a hit that is read again', () => {
  const policies = parse('sources:\n  - {pool: a, names: {customer: [loyalty]}}\n  - {pool: b, names: {desk: [desk code]}}\n');
  const data = captureOf({ loyalty: 'L-1', deskCode: 'D-1' });

  async function shownOf(source: RedactionSource | undefined, stored = (text: string) => text) {
    const before = scrub(RawCapture.fromAgent(data), policies.for({ pool: 'c', service: 's' }), {
      tagKey: 'k',
      ...(source && { source }),
    });
    const capture = ScrubbedCapture.fromStored(stored(before.toStored()));
    const hit = { actionId: 'act_1', number: 1, agentId: 'a', agentName: 'a', capturedAt: 0, capture };
    const context = { tagKey: () => 'k', policyOf: policies.for };
    const { structured } = await redact({ structured: {}, view: viewOf([hit]) }, policies.base, context);
    const { loyalty, deskCode } = (structured.hits as { variables: Record<string, string> }[])[0]?.variables ?? {};
    return [loyalty, deskCode].map((value) => value?.replace(/#.*\]/, ']'));
  }

  it('is shown by the rules that hold now for the source it came from', async () => {
    expect(await shownOf({ pool: 'a', service: 's' })).toEqual(['[REDACTED:customer]', 'D-1']);
    expect(await shownOf({ pool: 'b', service: 's' })).toEqual(['L-1', '[REDACTED:desk]']);
    expect(await shownOf({ pool: 'c', service: 's' })).toEqual(['L-1', 'D-1']);
  });

  it('is shown by all rules together when nobody knows where it came from', async () => {
    const hidden = ['[REDACTED:customer]', '[REDACTED:desk]'];
    expect(await shownOf(undefined)).toEqual(hidden);
    expect(await shownOf({ pool: 'c', service: 's' }, (text) => text.replace('"pool":"c"', '"pool":7'))).toEqual(hidden);
  });
});

describe('the name of a pass', () => {
  const whole = parse('{}').base;
  it.each<[string, Partial<RedactionPolicy>]>([
    ['profile', { profile: 'strict' }],
    ['tags', { tags: false }],
    ['names', { names: { a: ['loyalty number'] } }],
    ['show', { show: ['email'] }],
    ['hide', { hide: ['location'] }],
    ['patterns', { patterns: { a: ['b'] } }],
    ['allowLists', { allowLists: [{ names: [], paths: [] }] }],
  ])('changes with %s', (field, change) => {
    expect(Object.keys(whole)).toContain(field);
    expect(passOf({ ...whole, ...change })).not.toBe(passOf(whole));
  });

  it('knows every field of a policy', () => {
    expect(Object.keys(whole).sort()).toEqual(['allowLists', 'hide', 'names', 'patterns', 'profile', 'show', 'tags']);
    expect(Object.keys(rules)).not.toContain('not-listed');
  });
});
