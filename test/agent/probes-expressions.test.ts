import { afterEach, describe, expect, test } from 'vitest';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program } from './probe-program.ts';

const file = program('nasty.cjs');
const where = { file: 'nasty.cjs', line: marked(file) };

/** Refused before it is placed: not in the grammar. */
const notInGrammar = [
  'process.exit(1)',
  'order.pay()',
  'eval("1")',
  'Function("return 1")()',
  'new Array(1e9)',
  'new Array(1e9).fill(0)',
  'order.id = 2',
  'order.id++',
  '--order.id',
  'delete order.id',
  'order.id += 1',
  '(() => 1)()',
  'x => x',
  'function () {}',
  'class {}',
  '[1, 2, 3]',
  '{}',
  '({ a: 1 })',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a program
  '`${order}`',
  'order`tag`',
  '/a+/.test(text)',
  'import("fs")',
  'import.meta',
  'await order',
  'yield order',
  'order instanceof Array',
  'order.constructor',
  'order.__proto__',
  "order['constructor']",
  "order['__proto__']",
  'text.constructor.constructor',
  'this.constructor',
  'order.prototype',
  'super.x',
  'new.target',
  'order, order',
  'order;',
  '...order',
  'void 0',
  'order ** 2',
  'order | 1',
  'while (true) {}',
  'throw order',
  'text.repeat(1e9)',
  'text.replace("a", "b")',
  'items.map(x)',
  'items.includes()',
  '#secret in order',
  'order?.pay?.()',
  '',
  '   ',
  'a b',
  '1 +',
  '(',
  ')',
  `${'('.repeat(200)}1${')'.repeat(200)}`,
  `order${'.id'.repeat(400)}`,
  Array.from({ length: 80 }, () => '1').join(' + '),
  'x'.repeat(2_000),
  "'unterminated",
  'order.\\u0069d',
];

/** In the grammar, but without a value here: the sentence says why, and nothing of the program runs. */
const withoutValue: Record<string, string> = {
  'order.trap': '`trap` is a getter, and getters are not run.',
  'card.brand': '`brand` is a getter of its class, and getters are not run.',
  'card.pay': '`pay` is inherited, and only own data is read.',
  'order.toString': '`toString` is inherited, and only own data is read.',
  'proxy.anything': '`anything` would be read from a proxy, and proxies are not touched.',
  'proxy["x"]': '`x` would be read from a proxy, and proxies are not touched.',
  'behind.anything': '`anything` is inherited, and only own data is read.',
  '"x" in proxy': '`in` would ask a proxy, and proxies are not touched.',
  'tricky + 1': 'Calculating with an object would run its own code; use its fields.',
  '+tricky': 'Calculating with an object would run its own code; use its fields.',
  '-tricky': 'Calculating with an object would run its own code; use its fields.',
  'tricky + "text"': 'Turning an object into a text would run its own code; use its fields.',
  'tricky == 1': 'Comparing an object with `==` would run its own code; use `===`.',
  'tricky < 1': 'Comparing an object would run its own code; compare its fields.',
  'when < 1': 'Comparing an object would run its own code; compare its fields.',
  '+when': 'Calculating with an object would run its own code; use its fields.',
  'when == 0': 'Comparing an object with `==` would run its own code; use `===`.',
  'map.get': '`get` is inherited, and only own data is read.',
  'bytes.byteLength': '`byteLength` is a getter of its class, and getters are not run.',
  'order[tricky]': 'An object used as a key would run its own code.',
  'tricky in order': 'An object used as a key would run its own code.',
  '"a" in text': '`in` needs an object on its right.',
  'text.includes(tricky)': '`includes` of a text takes a text.',
  'order.includes(1)': '`includes` needs a text or an array before it.',
  'symbol + ""': 'A symbol cannot be turned into a text.',
  'symbol + 1': 'A symbol is not a number.',
  'symbol < 1': 'A symbol has no order.',
  'big + 1': 'A bigint and a number cannot be mixed.',
  '+big': 'A bigint and a number cannot be mixed.',
  'big / zero': 'A bigint cannot be divided by zero.',
  'huge * huge': 'The bigint has more than 800 bits.',
  'long + long': 'The text would be longer than 10000 characters.',
  'long === longer': 'The text is longer than 100000 characters.',
  'long.includes("x")': 'The text is longer than 100000 characters.',
  'million.includes(8)': 'The array has more than 10000 elements.',
  'order.none.deeper': '`undefined` has no `deeper`.',
  'nothing.deeper': '`null` has no `deeper`.',
  'nothing[text]': '`null` has no `[…]`.',
  'text[0]': 'A text can be compared, or tested with `startsWith`, `includes` and `endsWith`, but not taken apart.',
  late: '`late` is not initialised yet on this line.',
  unused: 'The engine no longer has `unused`: the function around the line does not use it.',
};

/** Harmless, with the value it must have. */
const values: [string, unknown][] = [
  ['order.id', 7],
  ['order.none', { $: 'undefined' }],
  ['order?.none?.deeper', { $: 'undefined' }],
  ['nothing?.a.b.c', { $: 'undefined' }],
  ['text.length', 5],
  ['items.length', 3],
  ['items[1]', 'b'],
  ['items["length"]', 3],
  ['map.size', 1],
  ['set.size', 2],
  ['bytes.length', 4],
  ['text[9]', { $: 'undefined' }],
  ['text.startsWith("he")', true],
  ['items.includes("c")', true],
  ['items.includes(order)', false],
  ['tricky === tricky', true],
  ['tricky == tricky', true],
  ['tricky == null', false],
  ['typeof tricky', 'object'],
  ['!tricky', false],
  ['tricky && 1', 1],
  ['tricky ? 1 : 2', 1],
  ['nothing ?? "none"', 'none'],
  ['big * big', { $: 'bigint', text: '100' }],
  ['0 / 0', { $: 'number', text: 'NaN' }],
  ['"id" in order', true],
  ['"toString" in order', false],
  ['when === when', true],
  ['when', { $: 'date', iso: '1970-01-01T00:00:00.000Z' }],
  ['big == 10', true],
  ['big < 11', true],
  ['text.trim', { $: 'undefined' }],
  ['order.id.toFixed', { $: 'undefined' }],
  ['"trap" in order', true],
  ['"0" + 1', '01'],
  ['-0', { $: 'number', text: '-0' }],
  ['order.id % 4 === 3 && !false', true],
  ['typeof nothing', 'object'],
  ['card.number', '4111'],
  ['this.name', 'receiver'],
  ['1 < 2', true],
  ['"a" < "b"', true],
  ['undefined', { $: 'undefined' }],
  ['proxy', { $: 'proxy' }],
];

const running: ProbeProgram[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

describe.each(nodes())('on Node $major', ({ execPath }) => {
  async function start(): Promise<ProbeProgram> {
    const app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
    running.push(app);
    await app.load(file);
    return app;
  }

  async function results(expressions: string[]): Promise<unknown[]> {
    const app = await start();
    for (let from = 0; from < expressions.length; from += 10) {
      await app.arm({ id: `part_${from}`, where, expressions: expressions.slice(from, from + 10) });
    }
    await app.call(file, 'run');
    await app.hit(Math.ceil(expressions.length / 10));
    expect(await app.call(file, 'ran')).toEqual([]);
    const all = app.hits
      .toSorted((a, b) => Number(a.id.slice(5)) - Number(b.id.slice(5)))
      .flatMap(({ capture }) => capture.expressions);
    return all.map((one) => ('error' in one ? one.error : one.value));
  }

  test('what is not in the grammar is refused as a condition and as an expression', async () => {
    const app = await start();
    for (const text of notInGrammar) {
      expect(await app.arm({ where, condition: text }), text).toMatchObject({ state: 'failed', code: 'bad-expression' });
      expect(await app.arm({ where, expressions: [text] }), text).toMatchObject({ state: 'failed', code: 'bad-expression' });
    }
    await app.call(file, 'run');
    expect(await app.call(file, 'ran')).toEqual([]);
  });

  test('what would run code, or take too long, has no value and says why', async () => {
    expect(Object.fromEntries(zip(Object.keys(withoutValue), await results(Object.keys(withoutValue))))).toEqual(withoutValue);
  });

  test('what is harmless has the value the language gives it', async () => {
    const texts = values.map(([text]) => text);
    expect(zip(texts, await results(texts))).toEqual(values);
  });
});

function zip(texts: string[], results: unknown[]): [string, unknown][] {
  return texts.map((text, index) => [text, results[index]]);
}
