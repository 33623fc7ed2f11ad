import { type Node, parseExpression } from '../protocol/expression.ts';

/**
 * Whether what the expression gives may be text or numbers that the caller wrote or had worked out. Such a result is the
 * caller's as much as the program's, and gets no tag: else tags would answer for every value that a caller cares to write down.
 */
export function holdsCallerText(expression: string): boolean {
  const parsed = parseExpression(expression);
  return !parsed.ok || isChosen(parsed.node);
}

/** As `holdsCallerText`, of one part. Any number can be calculated, from `true` alone. */
export function isChosen(node: Node): boolean {
  if (typeof node === 'number') return true;
  if (typeof node === 'string') return node !== '';
  if (node === null || typeof node !== 'object') return false;
  switch (node[0]) {
    case 'unary':
      return node[1] === '-' || node[1] === '+';
    case 'binary':
      return isCalculation(node[1]);
    case 'logical':
    case 'conditional':
      return isChosen(node[2]) || isChosen(node[3]);
    default:
      return false;
  }
}

/** Whether the part may give a text of the caller's choice: `'h'`, `'' + 4`. Sums of the program's values are none. */
export function isChosenText(node: Node): boolean {
  if (typeof node === 'string') return node !== '';
  if (node === null || typeof node !== 'object') return false;
  if (node[0] === 'logical' || node[0] === 'conditional') return isChosenText(node[2]) || isChosenText(node[3]);
  return node[0] === 'binary' && node[1] === '+' && (isMade(node[2]) || isMade(node[3]));
}

/** Whether something in the sum is not a value of the program as it is. */
function isMade(node: Node): boolean {
  if (node === null || typeof node !== 'object') return node !== null;
  if (node[0] === 'binary' && isCalculation(node[1])) return isMade(node[2]) || isMade(node[3]);
  if (node[0] === 'logical' || node[0] === 'conditional') return isMade(node[2]) || isMade(node[3]);
  return node[0] === 'unary' || node[0] === 'binary' || node[0] === 'call';
}

/** Whether the operator gives a text or number made from its operands, not an answer about them. */
export const isCalculation = (operator: string): boolean => /^[-+*/%]$/.test(operator);
