import { describe, expect, test } from 'vitest';
import { type Node, parseExpression } from '../../src/protocol/expression.ts';
import { maxExpressionDepth } from '../../src/protocol/expression-parser.ts';
import { limits } from '../../src/protocol/limits.ts';

const name = (text: string): Node => ['name', text];

const accepted: [string, Node][] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['undefined', ['undefined']],
  ['this', ['this']],
  ['42', 42],
  ['1_000.5e-1', 100.05],
  ['.5', 0.5],
  ['0xFF', 255],
  ['0b101', 5],
  ['0o17', 15],
  ["'it\\'s'", "it's"],
  ['"\\x41\\u0042\\u{1F600}\\n"', 'AB😀\n'],
  ['`two\nlines`', 'two\nlines'],
  ['order', name('order')],
  ['$_ä', name('$_ä')],
  ['order.total', ['member', name('order'), 'total']],
  ['order.new.in', ['member', ['member', name('order'), 'new'], 'in']],
  ['order?.total', ['member', name('order'), 'total', 'optional']],
  ['items[0]', ['member', name('items'), 0]],
  ["order['a b']", ['member', name('order'), 'a b']],
  ['items?.[index - 1]', ['member', name('items'), ['binary', '-', name('index'), 1], 'optional']],
  ['ok?.5:1', ['conditional', name('ok'), 0.5, 1]],
  ['this.cart.items', ['member', ['member', ['this'], 'cart'], 'items']],
  ['this.#pin', name('#pin')],
  ['this.#card?.number', ['member', name('#card'), 'number', 'optional']],
  ['!done', ['unary', '!', name('done')]],
  ['- -1', ['unary', '-', ['unary', '-', 1]]],
  ["typeof a.b === 'string'", ['binary', '===', ['unary', 'typeof', ['member', name('a'), 'b']], 'string']],
  ['a - b - c', ['binary', '-', ['binary', '-', name('a'), name('b')], name('c')]],
  ['a + b * c', ['binary', '+', name('a'), ['binary', '*', name('b'), name('c')]]],
  ['(a + b) % c', ['binary', '%', ['binary', '+', name('a'), name('b')], name('c')]],
  ['a / b / c', ['binary', '/', ['binary', '/', name('a'), name('b')], name('c')]],
  ['a < b === c >= d', ['binary', '===', ['binary', '<', name('a'), name('b')], ['binary', '>=', name('c'), name('d')]]],
  ['a || b && c', ['logical', '||', name('a'), ['logical', '&&', name('b'), name('c')]]],
  ['(a ?? b) || c', ['logical', '||', ['logical', '??', name('a'), name('b')], name('c')]],
  ["'id' in order", ['binary', 'in', 'id', name('order')]],
  ['a ? b : c ? d : e', ['conditional', name('a'), name('b'), ['conditional', name('c'), name('d'), name('e')]]],
  ["email.endsWith('.test')", ['call', 'endsWith', name('email'), '.test']],
  ["tags?.includes('x').y", ['member', ['call', 'includes', name('tags'), 'x', 'optional'], 'y']],
  ['order.includes', ['member', name('order'), 'includes']],
];

const refused: [string, position: number, message: RegExp][] = [
  ['', 1, /is empty/],
  [' \n ', 1, /is empty/],
  ['charge(order)', 1, /`charge\(…\)` at character 1 is a call/],
  ['a.toString()', 3, /`toString\(…\)` at character 3 is a call/],
  ['a[0](1)', 5, /is a call/],
  ['a?.(1)', 4, /is a call/],
  ['a.includes?.(1)', 13, /is a call/],
  ['f`x`', 2, /is a call/],
  ['a.includes()', 3, /takes exactly one argument/],
  ['a.includes(1, 2)', 3, /takes exactly one argument/],
  ['new Date()', 1, /`new` at character 1 is a constructor call/],
  ['total = 1', 7, /`=` at character 7 is an assignment/],
  ['a ??= 1', 3, /an assignment/],
  ['n++', 2, /an increment/],
  ['--n', 1, /a decrement/],
  ['x => x', 3, /`=>` at character 3 is a function/],
  ['(x) => x', 5, /is a function/],
  ['() => 1', 1, /a list of parameters/],
  ['function () {}', 1, /is a function/],
  ['class A {}', 1, /is a class/],
  ['/a+/.test(b)', 1, /starts a regular expression/],
  ['typeof /a/', 8, /starts a regular expression/],
  ['...items', 1, /is a spread/],
  ['[1, 2]', 1, /is a list/],
  ['{ a: 1 }', 1, /an object or a block/],
  ['a, b', 2, /a second expression/],
  ['a; b', 2, /is a statement/],
  ['await x', 1, /is a wait/],
  ['yield', 1, /is a wait/],
  ["import('fs')", 1, /is an import/],
  ['super.x', 1, /parent class/],
  ['let x', 1, /a declaration/],
  ['if (a) b', 1, /is a statement/],
  ['delete a.b', 1, /is a deletion/],
  ['void 0', 1, /without a use/],
  ['a instanceof B', 3, /can run code of the class/],
  ['a ** 2', 3, /is a power/],
  ['a & 1', 3, /a bit operator/],
  ['~a', 1, /a bit operator/],
  [`\`a \${b}\``, 4, /hole in a template/],
  ['#secret in a', 1, /a private member/],
  ['a.#secret', 3, /a private member/],
  ['a.this.#secret', 8, /a private member/],
  ['this?.#secret', 7, /a private member/],
  ['this.#constructor', 6, /machinery of the language/],
  ['this.#pay()', 10, /is a call/],
  ['this.# secret', 6, /has no meaning/],
  ['this.#', 6, /has no meaning/],
  ['# secret', 1, /has no meaning/],
  ['a.__proto__', 3, /machinery of the language/],
  ['a?.constructor', 4, /machinery of the language/],
  ["a['prototype']", 3, /machinery of the language/],
  ["a['\\x5f_proto__']", 3, /machinery of the language/],
  ['a // b', 3, /is a comment/],
  ['a ?? b || c', 8, /mixes/],
  ['a && b ?? c', 8, /mixes/],
  ['10n', 1, /is a bigint/],
  ['010', 1, /starts with 0/],
  ['1e999', 1, /too large/],
  ['3px', 2, /glued to a number/],
  ["'open", 1, /is not closed/],
  ["'a\nb'", 1, /is not closed/],
  ["'\\u{110000}'", 2, /escape/],
  ["'\\1'", 2, /escape/],
  ['(a', 1, /`\(` at character 1 has no `\)`/],
  ['a[1', 2, /`\[` at character 2 has no `\]`/],
  ['a ? b', 3, /`\?` at character 3 has no `:`/],
  ['a)', 2, /does not belong here/],
  ['a b', 3, /without an operator between them/],
  ['a.', 3, /ends after `\.`/],
  ['a &&', 5, /ends after `&&`/],
  ['* a', 1, /stands where a value is expected/],
  ['in a', 1, /a value on both sides/],
  ['a.1', 2, /without an operator/],
  ['a€', 2, /`€` at character 2 has no meaning/],
  ['\\u0061', 1, /has no meaning/],
];

describe('what the grammar accepts', () => {
  test.each(accepted)('%s', (text, node) => {
    expect(parseExpression(text)).toMatchObject({ ok: true, node });
  });

  test('the names that are looked up in scope are listed once each, without members, `this` and constants', () => {
    const parsed = parseExpression('a.b + a[c] + this.d + (undefined ?? null ?? e.a) + this.#f');
    expect(parsed).toMatchObject({ names: ['a', 'c', 'e', '#f'] });
  });
});

describe('what the grammar refuses', () => {
  test.each(refused)('%j, at character %i', (text, position, message) => {
    const parsed = parseExpression(text);
    expect(parsed).toMatchObject({ ok: false, position, message: expect.stringMatching(message) });
  });

  test('every refusal but the missing one says what to do instead', () => {
    for (const [text] of refused) expect(parseExpression(text)).toHaveProperty('hint');
  });
});

describe('bounds', () => {
  test('a text of the longest length is read, and one character more is refused', () => {
    expect(parseExpression(`'${'x'.repeat(limits.maxExpressionChars - 2)}'`).ok).toBe(true);
    expect(parseExpression(`'${'x'.repeat(limits.maxExpressionChars - 1)}'`)).toMatchObject({
      ok: false,
      message: expect.stringContaining('1001 characters'),
    });
  });

  test('an expression of the most parts is read, and one part more is refused', () => {
    expect(parseExpression(`a${'.b'.repeat(limits.maxExpressionNodes - 1)}`).ok).toBe(true);
    expect(parseExpression(`a${'.b'.repeat(limits.maxExpressionNodes)}`)).toMatchObject({
      ok: false,
      message: expect.stringContaining('more than 64 parts'),
    });
  });

  test.each([
    ['brackets', (depth: number) => `${'('.repeat(depth)}a${')'.repeat(depth)}`],
    ['operators before a value', (depth: number) => `${'!'.repeat(depth)}a`],
    ['indexes', (depth: number) => `(${'a['.repeat(depth - 1)}0${']'.repeat(depth - 1)})`],
    ['arguments', (depth: number) => `((${"''.includes(".repeat(depth - 2)}0${')'.repeat(depth - 2)}))`],
    ['branches', (depth: number) => `${'('.repeat(20)}${'1?2:'.repeat(depth - 20)}3${')'.repeat(20)}`],
  ])('%s may be nested 32 levels deep and no deeper', (_what, nest) => {
    expect(parseExpression(nest(maxExpressionDepth)).ok).toBe(true);
    expect(parseExpression(nest(maxExpressionDepth + 1))).toMatchObject({
      ok: false,
      message: expect.stringContaining('deeper than 32 levels'),
    });
  });
});
