import { type Node, parseExpression } from '../protocol/expression.ts';
import type { ExpressionResult, Value } from '../protocol/value.ts';
import { isChosen, isChosenText } from './caller-text.ts';
import { markerPattern } from './marker.ts';
import type { SeenValues, Source } from './seen-values.ts';
import type { Session } from './session.ts';

type Question = Extract<Node, ['call' | 'binary' | 'unary', ...unknown[]]>;

/** The parts of an expression that answer about values or calculate with them; undefined when it is not in the grammar. */
export function questionsOf(expression: string): { root: Node; questions: Question[] } | undefined {
  const parsed = parseExpression(expression);
  if (!parsed.ok) return undefined;
  const questions: Question[] = [];
  const visit = (node: Node): void => {
    if (!Array.isArray(node)) return;
    if (isQuestion(node)) questions.push(node);
    for (const part of node.slice(1) as Node[]) visit(part);
  };
  visit(parsed.node);
  return { root: parsed.node, questions };
}

function isQuestion(node: Node): node is Question {
  if (!Array.isArray(node)) return false;
  if (node[0] === 'unary') return node[1] === '-' || node[1] === '+';
  return node[0] === 'call' || node[0] === 'binary';
}

/**
 * Whether the result would tell what is hidden in the same hit: asked often enough, `body.includes('password":"h')` spells a
 * secret out letter by letter, and any value the caller picks by the answer does as well.
 */
export function tellsHidden(session: Session, result: ExpressionResult, seen: SeenValues): boolean {
  const asked = questionsOf(result.expression);
  if (asked === undefined) return false;
  const { root, questions } = asked;
  // Why a single test has no answer depends on no other answer.
  if ('error' in result && questions.length === 1 && questions[0] === root) return false;
  const judge = new Judge(session, seen);
  return questions.some((question) => judge.tells(question, 'value' in result ? result.value : undefined));
}

class Judge {
  readonly #session: Session;
  readonly #seen: SeenValues;

  constructor(session: Session, seen: SeenValues) {
    this.#session = session;
    this.#seen = seen;
  }

  tells(question: Question, result: Value | undefined): boolean {
    if (question[0] === 'unary') return this.#isHidden(this.#seen.of(question[2]));
    const [kind, operator, left, right] = question;
    const sources = [...this.#seen.of(left), ...this.#seen.of(right)];
    if (kind === 'call') {
      if (this.#isHidden(sources) || this.#isUnseen(sources, [left, right])) return true;
      // What starts a text stands in the part that is shown.
      const shown = operator === 'startsWith' && typeof right === 'string' ? right.length : Number.POSITIVE_INFINITY;
      return sources.some((source) => isCut(source, shown));
    }
    switch (operator) {
      case '+':
        // A text is searched itself, and hidden when it is joined from several.
        return !isText(result) && this.#isHidden(sources);
      case '-':
      case '*':
      case '/':
      case '%':
        return this.#isHidden(sources);
      case 'in':
        return this.#isHidden(this.#seen.of(left)) || this.#seen.of(right).some((source) => this.#hidesNames(source));
      case '<':
      case '<=':
      case '>':
      case '>=':
        if (this.#isHidden(sources) || this.#isUnseen(sources, [left, right])) return true;
        return [left, right].some(isChosenText) && sources.some((source) => isCut(source, Number.POSITIVE_INFINITY));
      default:
        return this.#tellsEqual(operator, left, right, sources);
    }
  }

  /** Absence, booleans and empty text are shown anyway; and that two values of the program are equal, tags tell, where there are any. */
  #tellsEqual(operator: string, left: Node, right: Node, sources: Source[]): boolean {
    const isLoose = operator.length === 2;
    if (saysLittle(left, isLoose) || saysLittle(right, isLoose)) return false;
    if (isChosen(left) || isChosen(right)) return this.#isHidden(sources);
    return sources.some((source) => this.#markersOf(source).some((marker) => !marker.includes('#')));
  }

  #isHidden(sources: Source[]): boolean {
    return sources.some((source) => this.#markersOf(source).length > 0);
  }

  /** Markers in what is shown of the value; of one that is not shown, those that its names would get. */
  #markersOf({ names, value }: Source): string[] {
    if (value !== undefined) return markersIn(value);
    return this.#session.rulesOn(names).map((rule) => this.#session.markerByName(rule));
  }

  /** A text of the caller's choice is asked for in a value that the hit does not show: nobody can tell what is in it. */
  #isUnseen(sources: Source[], operands: Node[]): boolean {
    return operands.some(isChosenText) && sources.some(({ value }) => value === undefined);
  }

  /** Whether a name of the container is hidden: names are looked up by `in`. */
  #hidesNames({ names, value }: Source): boolean {
    if (value === undefined) return this.#session.rulesOn(names).length > 0;
    if (value === null || typeof value !== 'object') return false;
    return value.$ === 'redacted' || ('fields' in value && value.fields.some(([name]) => markersIn(name).length > 0));
  }
}

function saysLittle(node: Node, isLoose: boolean): boolean {
  if (node === null || (Array.isArray(node) && node[0] === 'undefined')) return true;
  return !isLoose && (typeof node === 'boolean' || node === '');
}

const isText = (value: Value | undefined): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null && value.$ === 'string');

/** Markers in a text, or in the texts of a list; objects are compared by what they are, not by what is in them. */
function markersIn(value: Value): string[] {
  if (typeof value === 'string') return value.includes('[REDACTED:') ? (value.match(markerPattern) ?? []) : [];
  if (value === null || typeof value !== 'object') return [];
  if (value.$ === 'string') return markersIn(value.text);
  if (value.$ === 'redacted') return [value.marker ?? `[REDACTED:${value.rule}]`];
  return value.$ === 'array' ? value.elements.flatMap((element) => (isA(element, 'array') ? [] : markersIn(element))) : [];
}

const isA = (value: Value, kind: string): boolean => typeof value === 'object' && value !== null && value.$ === kind;

/** Whether something beyond the first `shown` characters decides that the hit does not show. */
function isCut({ value }: Source, shown: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value.$ === 'string') return value.text.length < shown;
  return value.$ === 'array' && value.elements.length < value.length;
}
