import type { Tokens } from './tokens.ts';

/** Words whose parentheses are not parameters. */
export const controls: ReadonlySet<string> = new Set(['if', 'while', 'switch', 'for', 'with', 'catch']);

const wordsBeforeValue = new Set('return typeof new throw yield await void delete in of instanceof extends case'.split(' '));

/** Whether a value must follow this token: a `function` or `class` there is not a declaration. */
export function wantsValue(text: string): boolean {
  // Not a regular expression, and not `++`, which stands behind a value more often than before one.
  return wordsBeforeValue.has(text) || /^(?:[=([,?:&|*%<>!~^]|[-+/]=?$)/.test(text);
}

/** Index of the last token of an expression that starts at `index`. */
export function expressionEnd(tokens: Tokens, index: number): number {
  const { texts, match, newline, kinds } = tokens;
  let at = index;
  while (at < texts.length) {
    const text = texts[at] as string;
    if (text === ',' || text === ';' || text === ')' || text === ']' || text === '}') return at - 1;
    if (at > index && newline[at] === true && startsStatement(kinds[at] as string, text) && endsValue(tokens, at - 1))
      return at - 1;
    const close = match[at] as number;
    at = close > at ? close + 1 : at + 1;
  }
  return texts.length - 1;
}

function startsStatement(kind: string, text: string): boolean {
  return kind === 'punctuator'
    ? text === '{' || text === '++' || text === '--' || text === '@'
    : text !== 'in' && text !== 'instanceof';
}

function endsValue({ kinds, texts }: Tokens, index: number): boolean {
  const text = texts[index] as string;
  return kinds[index] === 'punctuator' ? /^(?:[)\]}]|\+\+|--)$/.test(text) : !wantsValue(text);
}

/** Index of the last token of the statement that starts at `index`: a block, or up to its semicolon. */
export function statementEnd(tokens: Tokens, index: number): number {
  const { texts, match } = tokens;
  let at = index;
  while (controls.has(texts[at] as string) && (match[at + 1] ?? -1) > at) at = (match[at + 1] as number) + 1;
  if (texts[at] === '{' && (match[at] as number) > 0) return match[at] as number;
  let end = expressionEnd(tokens, at);
  while (texts[end + 1] === ',') end = expressionEnd(tokens, end + 2);
  return end;
}
