import { describe, expect, it } from 'vitest';
import { compileNameRules, wordsOf } from '../../src/protocol/names.ts';
import { defaultRedactionPolicy, toAgentRules, toNameRules } from '../../src/redaction/policy.ts';

const ruleOf = compileNameRules(toNameRules(defaultRedactionPolicy));

describe('name rules', () => {
  it.each([
    ['userPassword', ['user', 'password']],
    ['DB_PASSWORD', ['db', 'password']],
    ['x-api-key', ['x', 'api', 'key']],
    ['APIKey2', ['api', 'key']],
    ['user.pass word', ['user', 'pass', 'word']],
    ['HTTPServer', ['http', 'server']],
    ['größe', ['größe']],
    ['', []],
    ['$_42', []],
  ])('split %s into words', (name, words) => {
    expect(wordsOf(name)).toEqual(words);
  });

  it.each([
    ['password', 'password'],
    ['PASSWORD', 'password'],
    ['dbpassword', 'password'],
    ['passwords', 'password'],
    ['user_pass_word', 'password'],
    ['apikey', 'api-key'],
    ['X-API-KEY', 'api-key'],
    ['refreshToken', 'token'],
    ['client_secret', 'secret'],
    ['secretId', 'secret'],
    ['session.id', 'cookie'],
    ['cardSecurityCode', 'cvv'],
    ['emailAddress', 'email'],
  ])('hide %s by the rule %s', (name, rule) => {
    expect(ruleOf(name)).toBe(rule);
  });

  it.each([
    'tokenCount',
    'hasPassword',
    'passwordPolicy',
    'csrfTokenName',
    'isSecret',
    'maxTokens',
    'total_tokens',
    'tokenId',
    'passwordRules',
    'compass',
    'passenger',
    'author',
    'monkey',
    'key',
    'publicKey',
    'spinner',
    'tokenizer',
    'emailVerified',
    'expiresAt',
    '',
    '__proto__',
    'constructor',
  ])('leave %s alone', (name) => {
    expect(ruleOf(name)).toBeUndefined();
  });

  it('judge a very long name by its end, in linear time', () => {
    expect(ruleOf(`${'aB'.repeat(500_000)}Password`)).toBe('password');
  });

  it('forget names before they fill the memory, and still answer the same', () => {
    for (let at = 0; at < 20_000; at++) ruleOf(`name${at}Token`);
    expect(ruleOf('name7Token')).toBe('token');
    expect(ruleOf('name7Count')).toBeUndefined();
  });

  it('send secrets and the policy’s own names to agents, personal names only under strict', () => {
    const policy = { ...defaultRedactionPolicy, names: { customer: ['loyalty number'] } };
    const inAgent = compileNameRules(toAgentRules(policy));
    expect([inAgent('password'), inAgent('LOYALTY_NUMBER'), inAgent('email')]).toEqual(['password', 'customer', undefined]);
    expect(compileNameRules(toAgentRules({ ...policy, profile: 'strict' }))('email')).toBe('email');
  });
});
