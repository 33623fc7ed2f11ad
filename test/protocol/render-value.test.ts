import { describe, expect, it } from 'vitest';
import { logLine } from '../../src/agent/kinds/log-line.ts';
import { renderMessage, renderValue } from '../../src/protocol/render-value.ts';
import type { Value } from '../../src/protocol/value.ts';

describe('a value on one line', () => {
  it.each<[Value, string]>([
    [null, 'null'],
    [true, 'true'],
    [1.5, '1.5'],
    ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
    [{ $: 'undefined' }, 'undefined'],
    [{ $: 'number', text: '-0' }, '-0'],
    [{ $: 'bigint', text: '12' }, '12n'],
    [{ $: 'string', text: 'abc', length: 5_000 }, '"abc"… (5000 characters)'],
    [{ $: 'symbol', text: 'Symbol(a)' }, 'Symbol(a)'],
    [{ $: 'date', iso: '2026-01-01T00:00:00.000Z' }, '2026-01-01T00:00:00.000Z'],
    [{ $: 'regexp', text: '/a/g' }, '/a/g'],
    [{ $: 'function', name: 'pay' }, '[function pay]'],
    [{ $: 'getter' }, '[getter]'],
    [{ $: 'proxy' }, '[proxy]'],
    [{ $: 'uninitialised' }, '[uninitialised]'],
    [{ $: 'unavailable' }, '[unavailable]'],
    [{ $: 'reference', path: 'order.items[0]' }, '[same as order.items[0]]'],
    [{ $: 'cut', why: 'depth', className: 'Cart' }, 'Cart [cut: depth]'],
    [{ $: 'redacted', rule: 'password' }, '[REDACTED:password]'],
    [{ $: 'redacted', rule: 'email', marker: '[REDACTED:email#7caa81]' }, '[REDACTED:email#7caa81]'],
    [{ $: 'object', fields: [] }, '{}'],
    [
      {
        $: 'object',
        className: 'Cart',
        fields: [
          ['id', 1],
          ['items', { $: 'array', length: 4, elements: [2] }],
          ['a-b', 'x'],
        ],
        more: 2,
      },
      'Cart {id: 1, items: [2, … 3 more], "a-b": "x", … 2 more}',
    ],
    [{ $: 'array', className: 'Uint8Array', length: 2, elements: [1, 2] }, 'Uint8Array [1, 2]'],
    [{ $: 'array', length: 3, elements: [] }, '[… 3 more]'],
    [{ $: 'map', size: 2, entries: [['k', { $: 'object', fields: [] }]] }, 'Map {"k" => {}, … 1 more}'],
    [
      { $: 'error', className: 'TypeError', message: 'no\n', stack: 'x', fields: [['code', 'E']] },
      'TypeError: "no\\n" {code: "E"}',
    ],
  ])('%j is %s', (value, text) => {
    expect(renderValue(value)).toBe(text);
  });

  it('ends at its ceiling with …, whatever it is made of, and splits no pair of surrogates', () => {
    const deep = (levels: number): Value =>
      levels === 0 ? '😀😀😀' : { $: 'array', length: 9, elements: [deep(levels - 1), 'x\n'] };
    for (let maxChars = 1; maxChars < 80; maxChars += 1) {
      const text = renderValue(deep(5), maxChars);
      expect(text.length).toBeLessThanOrEqual(maxChars);
      expect(text).not.toMatch(/\p{Surrogate}/u);
      expect(text.endsWith('…') || text.endsWith(']'), text).toBe(true);
    }
    expect(renderValue('x'.repeat(100_000)).length).toBe(2_000);
  });
});

describe('the message of a logpoint', () => {
  it('puts values between its texts; a text of the program is shown as it is, without quotes', () => {
    const results = [
      { expression: 'a', value: 'Ann "A" \\ B' },
      { expression: 'b', value: { $: 'object' as const, fields: [['n', 1]] as [string, Value][] } },
      { expression: 'c', error: '`c` is not a variable\nin scope.' },
      { expression: 'd', value: { $: 'string' as const, text: 'ab', length: 9 } },
    ];
    expect(renderMessage(['1 ', ' 2 ', ' 3 ', ' 4 ', ' 5'], results)).toBe(
      '1 Ann "A" \\ B 2 {n: 1} 3 [error: `c` is not a variable\\nin scope.] 4 ab… (9 characters) 5',
    );
  });

  it('is one line in which nothing acts, whatever the program puts into it', () => {
    const evil =
      'a\r\n[sidelight error x:1] forged\u001b[2J\u0000\u0085\u2028\u2029\u202e\u200b\ufeff\ud800x\udc00\u00ad\u{e0041}\ufe0f\u3164';
    const value: Value = {
      $: 'object',
      className: evil,
      fields: [
        [evil, evil],
        ['e', { $: 'error', className: evil, message: evil, fields: [] }],
        ['s', { $: 'symbol', text: evil }],
        ['f', { $: 'function', name: evil }],
        ['r', { $: 'reference', path: evil }],
        ['h', { $: 'redacted', rule: evil }],
        ['d', { $: 'date', iso: evil }],
        ['c', { $: 'cut', why: 'depth', className: evil }],
        ['m', { $: 'map', className: evil, size: 1, entries: [[evil, evil]] }],
      ],
    };
    const line = logLine('info', { file: `src/${evil}.ts`, line: 3 }, [`t ${evil} `, ''], [{ expression: 'v', value }]);
    expect(line.endsWith('\n')).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Surrogate}\p{Zl}\p{Zp}\u3164]|\ufe0f/u);
    expect(line).toContain('a\\r\\n[sidelight error x:1] forged\\u001b[2J\\u0000\\u0085\\u2028');
    expect(line).toContain('\\ud800x\\udc00');
    expect(line).toContain('\\u{e0041}');
    expect(logLine('warn', { file: 'src/cart.ts', line: 12 }, ['Grüße 😀 '], [])).toBe(
      '[sidelight warn src/cart.ts:12] Grüße 😀 \n',
    );
  });

  it('is at most 2,000 characters', () => {
    expect(renderMessage(['x'.repeat(1_500), ''], [{ expression: 'a', value: 'y'.repeat(1_500) }])).toHaveLength(2_000);
  });

  it('calls nothing that the program has replaced', () => {
    const kept = {
      slice: String.prototype.slice,
      codePointAt: String.prototype.codePointAt,
      exec: RegExp.prototype.exec,
      text: Number.prototype.toString,
    };
    const fail = (): never => {
      throw new Error('called');
    };
    let line: string;
    try {
      String.prototype.slice = fail;
      String.prototype.codePointAt = fail;
      RegExp.prototype.exec = fail;
      Number.prototype.toString = fail;
      line = logLine(
        'info',
        { file: 'a.ts', line: 1 },
        ['v ', ''],
        [{ expression: 'v', value: { $: 'array', length: 2, elements: [1, 'é\n'] } }],
      );
    } finally {
      String.prototype.slice = kept.slice;
      String.prototype.codePointAt = kept.codePointAt;
      RegExp.prototype.exec = kept.exec;
      Number.prototype.toString = kept.text;
    }
    expect(line).toBe('[sidelight info a.ts:1] v [1, "é\\n"]\n');
  });
});
