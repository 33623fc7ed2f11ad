import { describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import { parseTemplate } from '../../src/protocol/template.ts';

describe('a template', () => {
  it.each([
    ['Order {order.id} costs {order.total}', ['Order ', ' costs ', ''], ['order.id', 'order.total']],
    ['', [''], []],
    ['reached', ['reached'], []],
    ['{a}', ['', ''], ['a']],
    ['{a}{b}', ['', '', ''], ['a', 'b']],
    ['{ a.b  }!', ['', '!'], ['a.b']],
    ['{{a}} is {a}', ['{a} is ', ''], ['a']],
    ['{{{a}}}', ['{', '}'], ['a']],
    ['}}{{', ['}{'], []],
    ['{{}}', ['{}'], []],
    ['{a["}"]} and {b[\'{\']}', ['', ' and ', ''], ['a["}"]', "b['{']"]],
    [String.raw`{a === "\"}"}`, ['', ''], [String.raw`a === "\"}"`]],
    ['{a === `}`}', ['', ''], ['a === `}`']],
    ['{tags.includes("x") ? 1 : 2} ok', ['', ' ok'], ['tags.includes("x") ? 1 : 2']],
    ['Zeile 1\n{a}', ['Zeile 1\n', ''], ['a']],
    ["it's {a}", ["it's ", ''], ['a']],
  ])('%j is taken apart', (text, texts, expressions) => {
    expect(parseTemplate(text)).toEqual({ ok: true, texts, expressions });
  });

  it.each([
    ['Order {', 7, /`{` at character 7 is not closed/],
    ['Order {a', 7, /not closed/],
    ['a } b', 3, /`}` at character 3 closes nothing/],
    ['{a}}', 4, /closes nothing/],
    ['x {} y', 3, /character 3 are empty/],
    ['x {   } y', 3, /empty/],
    ['x {it\'s} {"}', 6, /text that starts at character 6 is not closed/],
    ['total: {a.b()}', 11, /character 11 is a call/],
    ['total: {a + }', 13, /./],
    ['{a} {b = 1}', 8, /character 8 is an assignment/],
    ['{ {a} }', 3, /character 3/],
    ['x {a + `$\u007bb}`}', 9, /character 9 is a hole/],
  ])('%j is refused at character %i', (text, position, message) => {
    expect(parseTemplate(text)).toMatchObject({
      ok: false,
      position,
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  it('has a ceiling of expressions and of characters', () => {
    expect(parseTemplate('{a}'.repeat(limits.maxExpressions))).toMatchObject({ ok: true });
    expect(parseTemplate('{a}'.repeat(limits.maxExpressions + 1))).toMatchObject({
      ok: false,
      position: 3 * limits.maxExpressions + 1,
    });
    expect(parseTemplate('x'.repeat(limits.maxTemplateChars))).toMatchObject({ ok: true });
    expect(parseTemplate('x'.repeat(limits.maxTemplateChars + 1))).toMatchObject({
      ok: false,
      position: limits.maxTemplateChars + 1,
    });
  });

  it('takes any text without throwing, and what it takes apart is the text again', () => {
    const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
    let state = seed;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x80000000) * below);
    };
    const pieces = ['{', '}', '{{', '}}', '{a}', '{a.b}', '"', "'", '`', '\\', 'x', ' ', '\n', '\ud800', '1', '.', '(', '?'];
    let taken = 0;
    for (let round = 0; round < 5_000; round += 1) {
      let text = '';
      for (let count = next(12); count > 0; count -= 1) text += pieces[next(pieces.length)];
      const parsed = parseTemplate(text);
      if (!parsed.ok) {
        expect(parsed.position, `seed ${seed}: ${JSON.stringify(text)}`).toBeGreaterThanOrEqual(1);
        expect(parsed.position, `seed ${seed}: ${JSON.stringify(text)}`).toBeLessThanOrEqual(text.length + 1);
        continue;
      }
      taken += 1;
      const { texts, expressions } = parsed;
      expect(texts.length, `seed ${seed}: ${JSON.stringify(text)}`).toBe(expressions.length + 1);
      const again = texts.map(
        (literal, at) => literal.replace(/[{}]/g, '$&$&') + (at < expressions.length ? `{${expressions[at]}}` : ''),
      );
      expect(parseTemplate(again.join('')), `seed ${seed}: ${JSON.stringify(text)}`).toEqual(parsed);
    }
    expect(taken).toBeGreaterThan(500);
  });
});
