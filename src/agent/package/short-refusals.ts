import type { Rule } from '../../protocol/expression-rules.ts';
import type { Token } from '../../protocol/expression-tokens.ts';

// Stands in for expression-refusals.ts and expression-rules.ts of ../../protocol in the package: refuses the same, and says less about it.

export class ExpressionError extends Error {
  readonly position: number;
  readonly hint: string | undefined;

  constructor(message: string, position: number, hint?: string) {
    super(message);
    this.position = position;
    this.hint = hint;
  }
}

/** Words of the language that are not names. */
export const keywords: ReadonlySet<string> = new Set(
  (
    'new delete void instanceof await yield import super function class in typeof var let const enum export extends ' +
    'break case catch continue debugger default do else finally for if return switch throw try while with'
  ).split(' '),
);

export function callRefused(name: Token): ExpressionError {
  return refuse(name, 'is a call, and expressions never call the program');
}

export function privateRefused(token: Token): ExpressionError {
  return refuse(token, 'is a private member, which only `this` shows');
}

export function explain(tokens: Token[], index: number): ExpressionError {
  const token = tokens[index] as Token;
  if (token.kind === 'private') return privateRefused(token);
  return refuse(token, token.kind === 'end' ? 'is where a value is expected' : 'is not part of an expression here');
}

export function refusal(rule: Rule, position: number): ExpressionError {
  return new ExpressionError(`The expression has ${rule} at character ${position}.`, position);
}

/** Whether a value is complete after this token, so that an operator may follow. */
export function endsValue(token: Token): boolean {
  if (token.kind === 'punctuator') return token.text === ')' || token.text === ']';
  return token.text !== 'typeof' && token.text !== 'in';
}

function refuse({ text, position }: Token, why: string): ExpressionError {
  return new ExpressionError(`\`${text.slice(0, 40)}\` at character ${position} ${why}.`, position);
}
