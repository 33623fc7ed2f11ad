import { describe, expect, it } from 'vitest';
import type { ExpressionResult, Value } from '../../src/protocol/value.ts';
import { readingOf } from './agent-reading.ts';
import { answerOf, captureOf, object } from './capture-data.ts';

/** Known by its beginning: with a letter before it, no detector knows it. */
const token = `AKIA${'IOSFODNN7EXAMPLE'}`;
const program: Record<string, unknown> = {
  p: token,
  q: 'abc',
  digit: 7,
  card: 4111111111111111,
  field: 'email',
  index: 1,
  id: 'c-17',
  items: [{ price: 3 }, { price: 4 }],
  labels: ['red', 'green'],
  byId: { 'c-17': { status: 'open', title: 'Chair' } },
  u: {
    firstName: 'Alice',
    email: 'alice@wonder.example',
    ssn: '219-09-9999',
    dateOfBirth: '1990-05-04',
    blob: token,
    card: { number: '4111111111111111', brand: 'visa' },
    account: { card: { number: 1234, brand: 'visa' } },
    plan: 'gold',
    orders: 3,
  },
};
const shown = ['digit', 'field', 'index', 'id'];

const { result: resultOf } = readingOf(program);

async function answered(...results: ExpressionResult[]): Promise<Record<string, unknown>[]> {
  const variables = Object.fromEntries(shown.map((name) => [name, program[name] as Value]));
  const { hit, stored } = await answerOf(captureOf(variables, { expressions: results }));
  // What is stored is as safe as what is answered.
  for (const { marker } of [...stored.matchAll(/"marker":"(?<marker>[^"]*)"/g)].map((match) => match.groups ?? {})) {
    expect(JSON.stringify(hit)).toContain(marker);
  }
  return hit.expressions as unknown as Record<string, unknown>[];
}
const shownOf = async (expression: string) => (await answered(resultOf(expression)))[0];

describe('the result of an expression does not show', () => {
  it.each([
    ["'x' + p", token],
    ["p + 'x'", token],
    ["'a' + ('b' + p) + 'c'", token],
    ["q ? 'x' + p : 'y'", token],
    ['q + p', token],
    ['1 + p', token],
    ["1 + '' + p", token],
    ['(q === q) + p', token],
    ["('x' + p) + ('' + q)", token],
    ["u['first' + 'Name']", 'Alice'],
    ["u['\\u0066irstName']", 'Alice'],
    ["u[q ? 'firstName' : 'plan']", 'Alice'],
    ["u['first' + (q && 'Name')]", 'Alice'],
    ["u['firstName' ?? q]", 'Alice'],
    ["u['dateOf' + 'Birth']", '1990'],
    ['u[field]', 'alice'],
    ["(q ? u : items)['em' + 'ail']", 'alice'],
    ["'' + u.ssn", '219'],
    ["u.ssn + ' ' + u.plan", '219'],
    ['u.firstName || q', 'Alice'],
    ["-u['card']['num' + 'ber']", '4111'],
    ['-card', '4111'],
    ['+u.card.number', '4111'],
    ['u.account.card', '1234'],
    ["u.account['card']", '1234'],
  ])('%s', async (expression, secret) => {
    const result = JSON.stringify(await shownOf(expression));
    expect(result.replace(JSON.stringify(expression), '')).not.toContain(secret);
    expect(result).toContain('[REDACTED:');
  });

  it('one character after the other of a text, nor through its message', async () => {
    for (const expression of ['u.blob[0]', "u.blob[0] + '' + u.blob[1]", "u['em' + 'ail'][0]", "('x' + p)[1]", "u.blob['0']"]) {
      expect(await shownOf(expression), expression).toMatchObject({ error: expect.stringContaining('not taken apart') });
    }
  });

  it('values as the names that messages tell', async () => {
    for (const expression of [
      "(null)['x' + p]",
      'null[u.firstName]',
      "u['password ' + u.firstName]",
      'items[u.firstName + q].a',
    ]) {
      const result = JSON.stringify(await shownOf(expression));
      expect(result, expression).not.toMatch(/Alice|AKIA/);
    }
  });

  it('what agents of others take apart or join', async () => {
    const results = await answered(
      { expression: 'u.blob[0] + u.blob[1]', value: 'AK' },
      { expression: "'x' + p[0]", value: 'xA' },
      { expression: "('x' + p)[1]", value: 'A' },
      { expression: 'u[q]', value: 'Alice' },
      { expression: "u['car' + 'd-'[0]].number", value: '1234' },
      { expression: 'null[u.firstName]', error: '`null` has no `Alice`' },
      { expression: 'u.card.number.raw', value: '1234' },
      { expression: 'not in the grammar (', value: 'Alice' },
      { expression: "'x' + p", value: { $: 'string', text: `x${token}`, length: 900 } },
    );
    for (const result of results) expect(JSON.stringify(result)).toContain('[REDACTED:');
    expect(JSON.stringify(results)).not.toMatch(/Alice|1234|AKIA/);
  });
});

describe('the result of an expression shows', () => {
  it.each<[string, unknown]>([
    ['u.plan', 'gold'],
    ["'plan: ' + u.plan", 'plan: gold'],
    ['u.orders * 2 + 1', 7],
    ['items[0].price + items[1].price', 7],
    ['labels[index]', 'green'],
    ['labels[1]', 'green'],
    ['items[index - 1].price', 3],
    ['byId[id].status', 'open'],
    ['byId[id].title', 'Chair'],
    ['u.email.length', 20],
    ["u['em' + 'ail'].length", 20],
    ['typeof u.email', 'string'],
    ['u.email === q', false],
    ["u.plan === 'gold'", true],
    ['u.plan ?? q', 'gold'],
    ["u.orders > 2 ? 'many' : 'few'", 'many'],
    ['u.card.brand', 'visa'],
    ['digit + 1', 8],
  ])('%s', async (expression, value) => {
    expect(await shownOf(expression)).toEqual({ expression, value });
  });

  it('containers with only what is hidden in them taken out', async () => {
    expect(await answered({ expression: 'u.card', value: object({ number: 1234, brand: 'visa' }) })).toEqual([
      { expression: 'u.card', value: { number: expect.stringMatching(/^\[REDACTED:card/), brand: 'visa' } },
    ]);
    expect(await answered({ expression: 'u.email', value: object({ domain: 'x.example' }) })).toMatchObject([
      { value: { domain: 'x.example' } },
    ]);
  });
});

describe('an expression of many alternatives', () => {
  it('is judged in bounded time, and hidden when there are too many', async () => {
    const pick = "[q ? 'a' : 'b']";
    const expression = `u${pick.repeat(9)}`;
    const startedAt = performance.now();
    const [result] = await answered({ expression, value: 'plain words' });
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(result).toEqual({ expression, value: '[REDACTED:computed-key]' });
  });
});
