import { ExpressionError } from './expression-refusals.ts';

/** A sentence and what to do instead; `at` says where, `text` is what stands there or a limit, `missing` what should follow. */
type Explain = (at: string, text: string, missing: string) => [message: string, hint: string];

const split = 'Split it into several expressions.';

/** By what the expression has. */
const rules = {
  'no value': () => ['The expression is empty.', 'Write a name in scope, for example `order.total`.'],
  'an open bracket': (at, text, missing) => [
    `\`${text}\` ${at} has no \`${missing}\` that belongs to it.`,
    `Add the missing \`${missing}\`.`,
  ],
  'an open text': (at, _text, missing) => [`The text that starts ${at} is not closed.`, `Add the missing \`${missing}\`.`],
  'a part too many': (at, most) => [`The expression has more than ${most} parts ${at}.`, split],
  'a level too many': (at, most) => [`The expression is nested deeper than ${most} levels ${at}.`, split],
  'a mix of operators': (at, text) => [
    `\`${text}\` ${at} mixes \`??\` with \`&&\` or \`||\` without brackets.`,
    'Write brackets around one of them, for example `(a ?? b) || c`.',
  ],
  'a wrong number of arguments': (at, text) => [`\`${text}\` ${at} takes exactly one argument.`, `Write \`.${text}(value)\`.`],
  'a door to the language': (at, text) => [
    `\`${text}\` ${at} leads to the machinery of the language and cannot be read.`,
    'Read the own data of the value instead.',
  ],
  'an octal number': (at, text) => [`\`${text}\` ${at} starts with 0.`, 'Write it without the 0, or with `0o`.'],
  'a number too large': (at) => [`The number ${at} is too large.`, 'The largest is about 1.8e308.'],
  'a bigint': (at, text) => [
    `\`${text}\` ${at} is a bigint, which expressions do not have.`,
    'Compare with a plain number: `==` and `<` work between a bigint and a number.',
  ],
  'a word glued to a number': (at, text) => [`\`${text}\` ${at} is glued to a number.`, 'Put an operator between them.'],
  'a comment': (at, text) => [`\`${text}\` ${at} is a comment.`, 'Remove it.'],
  'a regular expression': (at) => [
    `\`/\` ${at} starts a regular expression, whose time nobody can bound.`,
    'Use `.includes(x)`, `.startsWith(x)` or `.endsWith(x)`.',
  ],
  'a sign without a meaning': (at, text) => [`\`${text}\` ${at} has no meaning in an expression.`, 'Remove it.'],
  'a hole in a template': (at, text) => [
    `\`${text}\` ${at} is a hole in a template, which would turn values into text.`,
    'Pass the value as an expression of its own.',
  ],
  'a wrong escape': (at) => [`The escape ${at} is not one.`, 'Write `\\\\` for a backslash.'],
} satisfies Record<string, Explain>;

/** What a text can have that no expression has, where the tokens and the grammar find it themselves. */
export type Rule = keyof typeof rules;

/** Refuses what stands at a character (from 1). Runs in programs too, so the pair is not iterated: a program can patch that. */
export function refusal(rule: Rule, position: number, text: string | number = '', missing = ''): ExpressionError {
  const explain: Explain = rules[rule];
  const said = explain(`at character ${position}`, String(text), missing);
  return new ExpressionError(said[0], position, said[1]);
}
