import { describe, expect, it } from 'vitest';
import type { ExpressionResult, Value } from '../../src/protocol/value.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { readingOf } from './agent-reading.ts';
import { answerOf, captureOf } from './capture-data.ts';

const customer = { email: 'ada@wonder.example', plan: 'gold', pin: 4711, tries: 3 };
const program = {
  body: '{"user":"ada","password":"hunter2"}',
  other: '{"user":"bob","password":"swordfish"}',
  path: '/api/orders/17',
  n: 4111111111111111,
  total: 12.5,
  customer,
  again: customer,
  labels: ['red', 'ada@wonder.example'],
  tags: ['vip', 'new'],
  words: ['hunter2', 'h'],
  byMail: { 'ada@wonder.example': { seen: 1 } },
  long: `${'x'.repeat(400)} password=hunter2`,
  table: { true: 'yes', false: 'no' },
  failure: new Error('no account for ada@wonder.example'),
  crowded: 'password=hunter2 '.repeat(40),
  failed: new Error('refused: password=hunter2'),
  byName: { 'password=hunter2': ['api_key=zq81-4nvd'] },
};
const agent = readingOf(program);
const derived = '[REDACTED:derived]';

async function answersOf(results: ExpressionResult[], variables = agent.variables(), policy = defaultRedactionPolicy) {
  const { hit } = await answerOf(captureOf(variables, { expressions: results }), policy);
  return hit.expressions;
}
const answerTo = async (expression: string) => (await answersOf([agent.result(expression)]))[0];

/** Reads the text behind `before` letter by letter, as long as answers tell. */
async function spelled(before: string, ask: (text: string) => string): Promise<string> {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let known = '';
  for (let length = 0; length < 7; length++) {
    const tried = [...alphabet].map((letter) => agent.result(ask(`${before}${known}${letter}`)));
    const answers = await answersOf(tried);
    const hits = answers.flatMap((answer, at) => ('value' in answer && answer.value === 17 ? [alphabet[at]] : []));
    if (hits.length !== 1) break;
    known += hits[0];
  }
  return known;
}

describe('a secret hidden inside a text', () => {
  it.each<[string, (text: string) => string]>([
    ['includes', (text) => `body.includes('${text}') ? 17 : -1`],
    ['includes behind a choice', (text) => `(total > 0 ? body : path).includes('${text}') && 17`],
    ['startsWith of a joined text', (text) => `('x' + body).startsWith('x{"user":"ada","pass' + '${text}') ? 17 : -1`],
  ])('is not spelled out by %s', async (_, ask) => {
    expect(await spelled('word":"', ask)).toBe('');
  });
});

describe('what is worked out from a hidden value is hidden', () => {
  it.each([
    'body === other',
    "body.includes('hunter2')",
    "body.endsWith('2\"}')",
    'body.includes(\'word":"h\') ? 17 : -1',
    'body.includes(\'word":"h\') ? customer : path',
    'body.includes(\'word":"h\') ? undefined : null',
    '!body.includes(\'word":"h\')',
    "table[body.includes('hunter2')]",
    'body < \'{"user":"ada","password":"i\'',
    'body === \'{"user":"ada","password":"hunter2"}\'',
    'body.includes(words[1])',
    "customer.email.startsWith('a')",
    "customer?.email?.startsWith('a')",
    "again.email.startsWith('a')",
    "again['em' + 'ail'] < 'b'",
    "customer.email === 'ada@wonder.example'",
    "(customer.email ?? path) == 'ada@wonder.example'",
    "labels.includes('ada@wonder.example')",
    "labels[1].includes('ada')",
    "'ada@wonder.example' in byMail",
    "failure.message.includes('ada')",
    'n > 4111111111111000',
    'n - 1',
    'n % 10 === 1',
    "total > 0 ? n + 1 : 'none'",
    "('' + (n - 4111111111111000)).length",
    "customer.email === 'ada' + '@wonder.example'",
    // Beyond what is shown of it.
    "long.includes('word=h')",
    "long.endsWith('hunter2')",
    "long < 'y'",
  ])('%s', async (expression) => {
    expect(await answerTo(expression)).toEqual({ expression: expect.any(String), value: derived });
  });

  it('whichever way the answer goes: an error, a hidden value and a shown one look the same, in the counts too', async () => {
    const ways = ['path.gone.gone', 'customer.email', 'customer.pin', 'customer', 'path', 'body', 'crowded', 'failed', 'byName'];
    for (const chosen of ways) {
      const [yes, no] = await Promise.all(
        ['hunter2', 'hunter3'].map(async (word) => {
          const redacted: Record<string, number> = {};
          const result = agent.result(`body.includes('${word}') ? ${chosen} : -1`, redacted);
          const { hit } = await answerOf(captureOf(agent.variables(), { expressions: [result], redacted }));
          return [hit.expressions.map((answer) => ('value' in answer ? answer.value : answer)), hit.redacted];
        }),
      );
      expect(yes, chosen).toEqual(no);
      expect(yes?.[0], chosen).toEqual([derived]);
    }
  });

  it('when its name is hidden and the hit does not show it', async () => {
    for (const expression of ["customer.email === 'ada@wonder.example'", "'ada' === customer.email", 'again.cardNumber > 5']) {
      expect(await answersOf([agent.result(expression)], {}), expression).toMatchObject([{ value: derived }]);
    }
  });

  it('when the caller asks for a text of his in what the hit does not show', async () => {
    for (const expression of [
      "body.includes('hunter2')",
      "body.startsWith('{')",
      "body < 'a'",
      "('' + body).includes('' + 4)",
      "body.includes('' + (true + true))",
    ]) {
      expect(await answersOf([agent.result(expression)], {}), expression).toEqual([{ expression, value: derived }]);
    }
  });

  it('also in hits of before, once a rule hides what they are about', async () => {
    const variables = { loyalty: 'L-1234' };
    const expression = "loyalty.startsWith('L-1')";
    const result = { expression, value: true };
    const later = { ...defaultRedactionPolicy, names: { customer: ['loyalty'] } };
    const { hit } = await answerOf(captureOf(variables, { expressions: [result] }), defaultRedactionPolicy, later);
    expect(hit.expressions).toEqual([{ expression, value: derived }]);
  });

  it('and is counted', async () => {
    const { hit } = await answerOf(captureOf(agent.variables(), { expressions: [agent.result("body.includes('hunter2')")] }));
    expect(hit.redacted.derived).toBe(1);
  });
});

describe('what is asked of other values is shown', () => {
  it.each<[string, unknown]>([
    ["path.startsWith('/api')", true],
    ["path.includes('orders') ? total : -1", 12.5],
    ["customer.plan === 'gold'", true],
    ["again.plan === 'gold'", true],
    ['customer.tries > 2', true],
    ['total * 2 > 20', true],
    ["labels[0] === 'red'", true],
    ["tags.includes('vip')", true],
    ["'plan' in customer", true],
    ["'path: ' + path", 'path: /api/orders/17'],
    // Of hidden values: what an answer says anyway.
    ['body.length', program.body.length],
    ['body.length > 10', true],
    ["typeof body === 'string'", true],
    ['customer.email === null', false],
    ['customer.email !== undefined', true],
    ["customer.email === ''", false],
    ['customer.email === again.email', true],
    ['customer === again', true],
    ["long.startsWith('xx')", true],
  ])('%s', async (expression, value) => {
    expect(await answerTo(expression)).toEqual({ expression, value });
  });

  it('when a watch expression shows the text beside it', async () => {
    const results = ['path', "path.startsWith('/api')", 'body', "body.includes('hunter2')"].map((expression) =>
      agent.result(expression),
    );
    const answers = await answersOf(results, {});
    expect(answers.slice(0, 2)).toEqual([
      { expression: 'path', value: program.path },
      { expression: "path.startsWith('/api')", value: true },
    ]);
    expect(answers[3]).toMatchObject({ value: derived });
  });

  it('when numbers of the program are compared that the hit does not show', async () => {
    for (const expression of ['total > customer.tries + n', 'customer.tries * 2 >= 6', "customer.plan === 'gold'"]) {
      expect(await answersOf([agent.result(expression)], {}), expression).toMatchObject([{ value: expect.any(Boolean) }]);
    }
  });

  it('with the reason when a test cannot be made', async () => {
    expect(await answerTo("total.includes('1')")).toMatchObject({ error: expect.stringContaining('needs a text') });
  });

  it('except for equality where no tags would tell it', async () => {
    const untagged: Record<string, Value> = { pin: { $: 'redacted', rule: 'pin' }, tries: 3 };
    const expression = 'pin === tries';
    expect(await answersOf([{ expression, value: false }], untagged)).toEqual([{ expression, value: derived }]);
    const tagless = { ...defaultRedactionPolicy, tags: false };
    const same = 'customer.email === again.email';
    expect(await answersOf([agent.result(same)], agent.variables(), tagless)).toEqual([{ expression: same, value: derived }]);
  });
});
