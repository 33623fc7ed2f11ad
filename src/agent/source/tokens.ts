/** What the scope analysis needs to know of a piece of JavaScript. */
export type TokenKind = 'word' | 'private' | 'punctuator' | 'number' | 'string' | 'regexp';

/** The tokens of a script, as columns: a large bundle has a million of them. Comments are left out. */
export interface Tokens {
  kinds: TokenKind[];
  texts: string[];
  starts: number[];
  /** Whether a line ends before the token. */
  newline: boolean[];
  /** For an opening bracket the index of its closing one, and the other way round; -1 elsewhere. */
  match: number[];
}

const space = /[\s\ufeff]*/uy;
const comment = /\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/|<!--[^\n]*/y;
const word = /#?(?:[\p{ID_Start}$_]|\\u[\da-fA-F{}]+)(?:[\p{ID_Continue}$\u200c\u200d]|\\u[\da-fA-F{}]+)*/uy;
const number = /(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*\.?[\d_]*(?:[eE][-+]?[\d_]+)?|\.\d[\d_]*(?:[eE][-+]?[\d_]+)?)n?/y;
const text = /'(?:[^'\\\n\r]|\\[\s\S])*'|"(?:[^"\\\n\r]|\\[\s\S])*"/y;
const regexp = /\/(?:[^/\\[\n\r]|\\.|\[(?:[^\]\\\n\r]|\\.)*\])+\/[a-z]*/y;
const punctuator = /=>|\.\.\.|\?\.(?!\d)|\+\+|--|&&=?|\|\|=?|\?\?=?|[<>]{1,3}=?|[-+*/%&|^!=]=*|\*\*=?|[{}()[\];,:.?~@]/y;
const templateChunk = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** Words after which a `/` starts a regular expression. */
const beforeValue = new Set(
  'return typeof case in of delete void throw new instanceof do else yield await extends default'.split(' '),
);
const beforeParenthesis = new Set(['if', 'while', 'for', 'with']);
const closers: Record<string, string> = { '(': ')', '[': ']', '{': '}', '${': '}' };

/** Splits a script. Text that is not JavaScript gives some tokens, never an error. */
export function tokenize(source: string): Tokens {
  const tokens: Tokens = { kinds: [], texts: [], starts: [], newline: [], match: [] };
  /** Open brackets; `valueAfter` says what a `/` means after the closing one. */
  const open: { index: number; valueAfter: boolean }[] = [];
  let at = source.startsWith('#!') ? source.indexOf('\n') : 0;
  if (at < 0) return tokens;
  let valueMayFollow = true;
  let newline = false;

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const push = (kind: TokenKind, value: string): number => {
    const index = tokens.kinds.length;
    tokens.kinds.push(kind);
    tokens.texts.push(value);
    tokens.starts.push(at);
    tokens.newline.push(newline);
    tokens.match.push(-1);
    newline = false;
    at += value.length;
    return index;
  };
  /** Reads on in a template, from after its backtick or a closing brace to its end or the next `${`. */
  const template = (): void => {
    at += match(templateChunk)?.length ?? 0;
    if (source.startsWith('${', at)) {
      open.push({ index: push('punctuator', '${'), valueAfter: false });
      valueMayFollow = true;
    } else {
      at += 1;
      valueMayFollow = false;
    }
  };
  const close = (): void => {
    const index = tokens.kinds.length - 1;
    const last = open.at(-1);
    if (last === undefined || closers[tokens.texts[last.index] as string] !== tokens.texts[index]) return;
    open.pop();
    tokens.match[index] = last.index;
    tokens.match[last.index] = index;
    valueMayFollow = last.valueAfter;
    if (tokens.texts[last.index] === '${') template();
  };

  while (at < source.length) {
    const skipped = match(space) ?? '';
    at += skipped.length;
    if (/[\n\r\u2028\u2029]/.test(skipped)) newline = true;
    const remark = match(comment);
    if (remark !== undefined) {
      at += remark.length;
      if (remark.includes('\n')) newline = true;
      continue;
    }
    if (at >= source.length) break;
    const before = tokens.texts.at(-1);
    const name = match(word);
    if (name !== undefined) {
      push(name.startsWith('#') ? 'private' : 'word', name);
      valueMayFollow = before !== '.' && before !== '?.' && beforeValue.has(name);
      continue;
    }
    const digits = match(number);
    if (digits !== undefined) {
      push('number', digits);
      valueMayFollow = false;
      continue;
    }
    const quoted = match(text);
    if (quoted !== undefined) {
      push('string', quoted);
      valueMayFollow = false;
      continue;
    }
    if (source[at] === '`') {
      push('string', '`');
      template();
      continue;
    }
    const pattern = valueMayFollow && source[at] === '/' ? match(regexp) : undefined;
    if (pattern !== undefined) {
      push('regexp', pattern);
      valueMayFollow = false;
      continue;
    }
    const sign = match(punctuator);
    if (sign === undefined) {
      at += 1;
      continue;
    }
    const isValueBefore = !valueMayFollow;
    const index = push('punctuator', sign);
    if (sign === '(' || sign === '[' || sign === '{') {
      const control = sign === '(' && before !== undefined && beforeParenthesis.has(before);
      // A block ends a statement; an object is a value. After `=`, `(`, `,` and other signs that want a value it is an object.
      const block =
        sign === '{' &&
        (isValueBefore || before === undefined || [';', '{', '}', '=>', ')', ':'].includes(before) || /^(else|do)$/.test(before));
      open.push({ index, valueAfter: control || block });
      valueMayFollow = true;
    } else if (sign === ')' || sign === ']' || sign === '}') {
      valueMayFollow = sign === '}';
      close();
    } else if (sign !== '++' && sign !== '--') {
      valueMayFollow = true;
    }
  }
  return tokens;
}
