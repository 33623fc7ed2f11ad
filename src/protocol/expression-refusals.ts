import type { Token } from './expression-tokens.ts';

/** Why a text is not an expression of the grammar: a sentence, the character it starts at (from 1), and what to do instead. */
export class ExpressionError extends Error {
  readonly position: number;
  readonly hint: string | undefined;

  constructor(message: string, position: number, hint?: string) {
    super(message);
    this.position = position;
    this.hint = hint;
  }
}

interface Construct {
  is: string;
  instead: string;
}

const assignment = { is: 'an assignment, which would change the program', instead: 'Use `===` to compare.' };
const bits = {
  is: 'a bit operator, which expressions do not have',
  instead: 'Read the number and take its bits apart afterwards.',
};
const statement = { is: 'a statement', instead: 'Write one expression that has a value.' };
const declaration = { is: 'a declaration', instead: 'Use the names that the program has in scope on that line.' };
const call = {
  is: 'a call, and expressions never call the program',
  instead: 'Read the data that it would read; only `.includes(x)`, `.startsWith(x)` and `.endsWith(x)` are worked out here.',
};
const waiting = {
  is: 'a wait, and a probe must not wait',
  instead: 'Read the value on a line after the program has awaited it.',
};

/** Words of the language that are not names, and what they would do. */
export const keywords: ReadonlyMap<string, Construct> = new Map<string, Construct>([
  ['new', { is: 'a constructor call, which would run the program', instead: 'Read values that exist already.' }],
  ['delete', { is: 'a deletion, which would change the program', instead: "Use `'key' in object` to see whether it is there." }],
  ['void', { is: 'an operator without a use here', instead: 'Write `undefined`.' }],
  [
    'instanceof',
    {
      is: 'a test that can run code of the class',
      instead: "Test for a property that only that class has, for example `'issuer' in card`.",
    },
  ],
  ['await', waiting],
  ['yield', waiting],
  ['import', { is: 'an import, which would run code', instead: 'Use the names that the file imports already.' }],
  ['super', { is: 'a call into the parent class', instead: 'Read the data through `this`.' }],
  ['function', { is: 'a function', instead: 'Write the comparison itself.' }],
  ['class', { is: 'a class', instead: 'Use the names that the program has in scope on that line.' }],
  ['in', { is: 'an operator that needs a value on both sides', instead: "Write for example `'total' in order`." }],
  ['typeof', { is: 'an operator that stands before its value', instead: "Write for example `typeof order === 'object'`." }],
  ...['var', 'let', 'const', 'enum', 'export', 'extends'].map((word) => [word, declaration] as const),
  ...'break case catch continue debugger default do else finally for if return switch throw try while with'
    .split(' ')
    .map((word) => [word, statement] as const),
]);

/** Signs that no expression may have, wherever they stand. */
const signs: ReadonlyMap<string, Construct> = new Map<string, Construct>([
  ...['=', '+=', '-=', '*=', '/=', '%=', '**=', '<<=', '>>=', '>>>=', '&=', '|=', '^=', '&&=', '||=', '??='].map(
    (sign) => [sign, assignment] as const,
  ),
  ...['&', '|', '^', '~', '<<', '>>', '>>>'].map((sign) => [sign, bits] as const),
  ['++', { is: 'an increment, which would change the program', instead: 'Write `+ 1`.' }],
  ['--', { is: 'a decrement, which would change the program', instead: 'Write `- 1`.' }],
  ['=>', { is: 'a function', instead: 'Write the comparison itself, for one element at a time.' }],
  ['**', { is: 'a power, which expressions do not have', instead: 'Write a product.' }],
  ['...', { is: 'a spread, which would run an iterator', instead: 'Name one element, for example `items[0]`.' }],
  [',', { is: 'a second expression', instead: 'Pass it as an expression of its own.' }],
  [';', statement],
  ['{', { is: 'an object or a block', instead: 'Use a value that the program has.' }],
  ['}', { is: 'an object or a block', instead: 'Use a value that the program has.' }],
  ['@', { is: 'a decorator', instead: 'Remove it.' }],
]);

/** A function or method called by name. */
export function callRefused(name: Token): ExpressionError {
  return refuse(`${name.text}(…)`, name.position, call);
}

/** A private member of anything but `this`. */
export function privateRefused({ text, position }: Token): ExpressionError {
  return new ExpressionError(
    `\`${short(text)}\` at character ${position} is a private member, which only \`this\` shows.`,
    position,
    `Write \`this.${short(text)}\` on a line of a method of that class, or read a public member.`,
  );
}

/** Says what stands at `tokens[index]`, where the grammar has no place for it. */
export function explain(tokens: Token[], index: number): ExpressionError {
  const token = tokens[index] as Token;
  const previous = tokens[index - 1];
  const { text, kind, position } = token;
  if (kind === 'end') {
    return new ExpressionError(
      `The expression ends after \`${previous?.text ?? ''}\`, where a value is expected.`,
      position,
      'Complete it, or remove what is left over.',
    );
  }
  if (kind === 'private') return privateRefused(token);
  const construct = kind === 'punctuator' ? signs.get(text) : kind === 'word' ? keywords.get(text) : undefined;
  if (construct !== undefined) return refuse(text, position, construct);
  const afterValue = previous !== undefined && endsValue(previous);
  if (text === '(' && (afterValue || previous?.text === '?.')) return refuse('(…)', position, call);
  if (kind === 'string' && text.startsWith('`') && afterValue) return refuse('`…`', position, call, 'A template after a value');
  if (text === ')' && previous?.text === '(')
    return refuse('()', position - 1, { is: 'a list of parameters', instead: 'Remove it.' });
  if (text === '[' && !afterValue) {
    return refuse('[…]', position, { is: 'a list', instead: 'Compare with its elements one by one, joined by `||`.' });
  }
  if (kind !== 'punctuator') {
    return new ExpressionError(
      previous?.text === '.' || previous?.text === '?.'
        ? `A member name is expected at character ${position}.`
        : `\`${short(text)}\` at character ${position} follows a value without an operator between them.`,
      position,
      'Join them with an operator such as `===` or `&&`.',
    );
  }
  return new ExpressionError(
    afterValue
      ? `\`${text}\` at character ${position} does not belong here.`
      : `\`${text}\` at character ${position} stands where a value is expected.`,
    position,
    afterValue ? 'Remove it, or add what it belongs to.' : 'Write a name, a number or a text in quotes there.',
  );
}

/** Whether a value is complete after this token, so that an operator may follow. */
export function endsValue(token: Token): boolean {
  if (token.kind === 'punctuator') return token.text === ')' || token.text === ']';
  return token.text !== 'typeof' && token.text !== 'in';
}

function refuse(what: string, position: number, { is, instead }: Construct, name?: string): ExpressionError {
  return new ExpressionError(`${name ?? `\`${short(what)}\``} at character ${position} is ${is}.`, position, instead);
}

function short(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
