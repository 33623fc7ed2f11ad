import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { fold, unfold } from '../../src/protocol/folded.ts';

const textOf = (text: string) => fold(text)?.text;

it('leaves plain text alone, of any language', () => {
  const plain = [
    '',
    'password=hunter2',
    'C:\\new\\users',
    '{"a":[1,2]}\n\t"\\u00e4"',
    'Grüße, 東京、Москва',
    '😀 [a] \\x41',
    'señor “ok” – €',
  ];
  for (const text of plain) expect(fold(text), text).toBeUndefined();
});

it('takes out the colours of a terminal, as bytes and as they are written in JSON and source', () => {
  expect(textOf('\x1b[32mpassword\x1b[39m=\x1b[38;2;255;0;1mS')).toBe('password=S');
  expect(textOf('\x1b(B\x1b[mpass\x1b[01;31m\x1b[Kword\x9b0m')).toBe('password');
  expect(textOf(String.raw`\u001b[32mpassword\u001B[39m=\x1b[1mS`)).toBe('password=S');
  expect(textOf(inspect({ password: 'S' }, { colors: true }))).toBe("{ password: 'S' }");
});

it('keeps what stands in a control sequence that is none', () => {
  expect(textOf('\x1b[4111111111111111m')).toBe('4111111111111111m');
  expect(textOf('\x1b[12')).toBe('12');
  expect(textOf('\x1b]8;;https://u:S@h\x1b\\')).toBe(']8;;https://u:S@h\\');
});

it('takes out what has no width, and gives plain blanks, letters and separators', () => {
  for (const code of [0xad, 0x200b, 0x200d, 0x200e, 0x202e, 0x2060, 0xfeff, 0xfe0f, 0x3164])
    expect(textOf(`pass${String.fromCharCode(code)}word`), code.toString(16)).toBe('password');
  expect(textOf('pass\u{e0041}word')).toBe('password');
  for (const code of [0xa0, 0x2009, 0x202f, 0x3000])
    expect(textOf(`a${String.fromCharCode(code)}b`), code.toString(16)).toBe('a b');
  expect(textOf('a\u2028b')).toBe('a\nb');
  expect(textOf('ｐａｓｓｗｏｒｄ＝Ｓ１：＠')).toBe('password=S1:@');
  expect(textOf(String.raw`pass\u200bword\u00a0=S`)).toBe('password=S');
});

it('takes out a marker that splits a word, and leaves one that stands for a whole value', () => {
  expect(textOf('password=[REDACTED:x]S')).toBe('password=S');
  expect(textOf('ghp_ab[REDACTED:api-key]$cd')).toBe('ghp_ab$cd');
  for (const rest of ['', ' S', '"', ', a', '\\nuser=a', '\n'])
    expect(fold(`password=[REDACTED:x]${rest}`), rest).toBeUndefined();
});

it('leads every stretch back to where it stood, with what cannot be seen inside it and not around it', () => {
  const text = '\x1b[32mpass\u200bword\x1b[39m：\u00a0\x1b[1mS\u200b1\x1b[0m!';
  const folded = fold(text);
  if (folded === undefined) throw new Error('nothing was folded');
  const back = (part: string) => {
    const start = folded.text.indexOf(part);
    const stretch = unfold(folded, { start, end: start + part.length, rule: 'r' });
    return text.slice(stretch.start, stretch.end);
  };
  expect(folded.text).toBe('password: S1!');
  expect(back('password')).toBe('pass\u200bword');
  expect(back(': ')).toBe('：\u00a0');
  expect(back('S1')).toBe('S\u200b1');
  expect(back('!')).toBe('!');
  expect(folded.parted).toBe('     pass word     ：\u00a0    S 1    !');
  expect(folded.parted).toHaveLength(text.length);
});

it('folds the beginning of a text only, where that is asked for', () => {
  expect(fold('password=S\u200b', 10)).toBeUndefined();
  expect(fold('pass\u200bword=S', 9)?.text).toBe('password');
});
