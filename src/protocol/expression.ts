import { Parser } from './expression-parser.ts';
import { ExpressionError } from './expression-refusals.ts';
import { tokenize } from './expression-tokens.ts';
import { limits } from './limits.ts';

/** A parsed expression: literals are JSON scalars, everything else is an array that starts with its operator. */
export type Node =
  | null
  | boolean
  | number
  | string
  | ['undefined']
  /** A name in scope; `#name` stands for `this.#name`, a private field that the class around the line declares. */
  | ['name', string]
  | ['this']
  /**
   * Own data property of a value; a missing one gives undefined. A string key is `.key`, every other key is computed.
   * `optional` is `?.`: at null and undefined the whole chain of members and calls around it gives undefined.
   */
  | ['member', target: Node, key: Node, 'optional'?]
  /** One of the pure methods, worked out by the evaluator and never by calling the program. */
  | ['call', method: PureMethod, target: Node, argument: Node, 'optional'?]
  | ['unary', UnaryOperator, Node]
  | ['binary', BinaryOperator, Node, Node]
  | ['logical', LogicalOperator, Node, Node]
  | ['conditional', Node, Node, Node];

export type UnaryOperator = '!' | '-' | '+' | 'typeof';
export type LogicalOperator = '&&' | '||' | '??';
export type BinaryOperator = '===' | '!==' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | 'in';

/** Methods of strings (all three) and of arrays (`includes`) that an expression may use, each with one argument. */
export type PureMethod = 'includes' | 'startsWith' | 'endsWith';

/** What parsing gives. `names` are the names looked up in scope; `position` counts the characters of the text from 1. */
export type ParsedExpression =
  | { ok: true; node: Node; names: string[] }
  | { ok: false; message: string; position: number; hint?: string };

/** Reads one expression of the allow-list grammar (docs/expressions.md). Never throws; time is linear in the text. */
export function parseExpression(text: string): ParsedExpression {
  if (text.length > limits.maxExpressionChars) {
    return {
      ok: false,
      message: `The expression has ${text.length} characters; at most ${limits.maxExpressionChars} are allowed.`,
      position: limits.maxExpressionChars + 1,
      hint: 'Split it into several expressions.',
    };
  }
  try {
    return { ok: true, ...new Parser(tokenize(text)).parse() };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { message, position, hint } = error;
    return { ok: false, message, position, ...(hint === undefined ? {} : { hint }) };
  }
}
