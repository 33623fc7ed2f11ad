import { parseExpression } from './expression.ts';
import { limits } from './limits.ts';

/** A logpoint's template taken apart: text, expression, text, …, so `texts` has one entry more than `expressions`. */
export type ParsedTemplate =
  | { ok: true; texts: string[]; expressions: string[] }
  /** `position` counts the characters of the template from 1. */
  | { ok: false; message: string; position: number; hint?: string };

/**
 * Reads `Order {order.id} costs {order.total}`; `{{` and `}}` are braces. An expression ends at the first brace outside quotes and is in the
 * grammar of docs/expressions.md. Never throws; time is linear in the text.
 */
export function parseTemplate(text: string): ParsedTemplate {
  if (text.length > limits.maxTemplateChars) {
    const message = `The template has ${text.length} characters; at most ${limits.maxTemplateChars} are allowed.`;
    return { ok: false, message, position: limits.maxTemplateChars + 1, hint: 'Shorten it, or use several logpoints.' };
  }
  const texts: string[] = [];
  const expressions: string[] = [];
  let literal = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    const isBrace = character === '{' || character === '}';
    if (!isBrace || text[at + 1] === character) {
      literal += character;
      if (isBrace) at += 1;
      continue;
    }
    const position = at + 1;
    if (character === '}') {
      return refuse(`The \`}\` at character ${position} closes nothing.`, position, 'Write `}}` for a brace.');
    }
    const { end, quote } = endOfExpression(text, position);
    if (quote !== undefined) {
      const message = `The text that starts at character ${quote + 1} is not closed.`;
      return refuse(message, quote + 1, `Add the missing \`${text[quote]}\` before the \`}\`.`);
    }
    if (end === undefined) {
      const hint = 'Add the missing `}`, or write `{{` for a brace.';
      return refuse(`The \`{\` at character ${position} is not closed.`, position, hint);
    }
    const expression = text.slice(position, end).trim();
    if (expression === '') {
      const hint = 'Write an expression between them, for example `{order.total}`, or `{{}}` for braces.';
      return refuse(`The braces at character ${position} are empty.`, position, hint);
    }
    if (expressions.length === limits.maxExpressions) {
      const message = `The template has more than ${limits.maxExpressions} expressions.`;
      return refuse(message, position, 'Use a second logpoint for the others.');
    }
    // Spaces in front make every position that is told one of the whole template.
    const parsed = parseExpression(' '.repeat(position) + text.slice(position, end));
    if (!parsed.ok) return parsed;
    texts.push(literal);
    expressions.push(expression);
    literal = '';
    at = end;
  }
  texts.push(literal);
  return { ok: true, texts, expressions };
}

/** Where the brace is that ends an expression, or where a quoted text starts that swallows it. */
function endOfExpression(text: string, from: number): { end?: number; quote?: number } {
  let quote: number | undefined;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (quote !== undefined) {
      if (character === '\\') at += 1;
      else if (character === text[quote]) quote = undefined;
    } else if (character === '}') {
      return { end: at };
    } else if (character === '"' || character === "'" || character === '`') {
      quote = at;
    }
  }
  return quote === undefined ? {} : { quote };
}

function refuse(message: string, position: number, hint: string): ParsedTemplate {
  return { ok: false, message, position, hint };
}
