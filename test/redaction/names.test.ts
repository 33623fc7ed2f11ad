import { describe, expect, it } from 'vitest';
import { compileNameRules, wordsOf } from '../../src/protocol/names.ts';
import { defaultRedactionPolicy, toAgentRules, toNameRules } from '../../src/redaction/policy.ts';

const ruleOf = compileNameRules(toNameRules(defaultRedactionPolicy));

const under = (names: readonly string[], rule: string | undefined) => names.map((name) => [name, rule] as const);

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
    ['basicAuth', 'authorization'],
    ['x-auth', 'authorization'],
    ['keyPem', 'private-key'],
    ['walletKey', 'secret'],
    ['seedWords', 'secret'],
    ['samlResponse', 'secret'],
    ['client_assertion', 'secret'],
    ['DATABASE_URI', 'secret'],
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

  it.each([
    ...under(
      'auth access api refresh id bearer csrf bot kiosk'.split(' ').map((head) => `${head}token`),
      'token',
    ),
    ...under(
      'api app jwt cookie mfa totp lighthouse'.split(' ').map((head) => `${head}secret`),
      'secret',
    ),
    ...under(['dbpass', 'dbpw', 'mysqlpwd', 'userpwd', 'rootmysqlpass', 'passwordconfirm', 'passwordhash'], 'password'),
    ...under(['dbpasswords', 'PASSWORDHASH', 'userpasswordhash'], 'password'),
    ...under(['otpcode', 'cardpin', 'cvvcode', 'useremail', 'workemail', 'mobilephone', 'authtokens'], undefined),
  ])('hide %s, which is written together', (name, rule) => {
    if (rule === undefined) expect(ruleOf(name)).toBeDefined();
    else expect(ruleOf(name)).toBe(rule);
    expect(ruleOf(`old_${name}`), 'as one word of several').toBe(ruleOf(name));
  });

  it.each(
    (
      'compass bypass trespass surpass encompass overpass underpass happen spin spinning hairpin kingpin pushpin hotel cartel ' +
      'microphone headphones iphone saxophone secretary secretariat tokenize tokenizer tokencount maxtokens istoken hastoken ' +
      'passwordless passwordlength passwordpolicy passport passive passing emailed cookies2count sigusr sigval voicemail ' +
      'span expand japan pinned opinion shipping gzip unzip basalt desalt'
    ).split(' '),
  )('leave %s alone, which only has such letters in it', (word) => {
    expect(ruleOf(word)).toBeUndefined();
    expect(ruleOf(`the_${word}`)).toBeUndefined();
  });

  it('find short phrases of a policy only behind words that stand before names', () => {
    const own = compileNameRules(toNameRules({ ...defaultRedactionPolicy, names: { mark: ['grade'] } }));
    expect([own('grade'), own('usergrade'), own('upgrade'), own('downgrade')]).toEqual(['mark', 'mark', undefined, undefined]);
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
