import { type Node, parseExpression } from '../protocol/expression.ts';

/** Last names that measure a value instead of reading it. */
export const measures: ReadonlySet<string> = new Set(['length', 'size']);
/** Paths, and values of one constant, that are followed; an expression with more of them is not judged but hidden. */
export const maxAlternatives = 64;

/** The names that lead to a value, from a variable on; numbers of elements are left out. */
export interface Path {
  names: string[];
  /** The name that leads to the value is not known: the program's own value is the key, or one the caller put together. */
  open: boolean;
  /** Part of the path is a key put together from values of the program, so any name may stand there. */
  assembled: boolean;
}

/** What the result of an expression is made of, judged from its tree. What is only compared or measured is not in it. */
export interface Reading {
  /** Every value that may be the result, or go into it. */
  paths: Path[];
  /** Constant text that `+` put before and after one whole value: it may hide where a secret begins. */
  joins: { before: string; after: string }[];
  /** A text result is put together from several values or pieces of them: none can be recognised in it. */
  mixed: boolean;
  /** Somewhere a key is not known, so that messages may tell values as names. */
  unknownKey: boolean;
}

/** A value that follows from the text of an expression. */
export type Constant = string | number | boolean | null | undefined;
/** The text or number of a variable, as far as it was captured and is shown. */
export type Shown = (variable: string) => string | number | undefined;

/** Reads the expression; undefined when it is not in the grammar. */
export function readingOf(expression: string, shown: Shown): Reading | undefined {
  const parsed = parseExpression(expression);
  if (!parsed.ok) return undefined;
  const reader = new Reader(shown);
  const paths = reader.read(parsed.node);
  const { joins, mixed, unknownKey } = reader;
  return { paths, joins, mixed, unknownKey };
}

class Reader {
  readonly joins: Reading['joins'] = [];
  mixed = false;
  unknownKey = false;
  readonly #shown: Shown;

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  /** The paths of all values that this part may give or that go into what it gives. */
  read(node: Node): Path[] {
    if (node === null || typeof node !== 'object') return [];
    switch (node[0]) {
      case 'undefined':
        return [];
      case 'this':
        return [pathOf('this')];
      case 'name':
        return [pathOf(node[1])];
      case 'member':
        return this.#member(node[1], node[2]);
      case 'call':
        this.read(node[2]);
        this.read(node[3]);
        return [];
      case 'unary': {
        const paths = this.read(node[2]);
        return node[1] === '-' || node[1] === '+' ? paths : [];
      }
      case 'binary': {
        if (node[1] === '+') return this.#join(node);
        const paths = this.#all([node[2], node[3]]);
        return ['-', '*', '/', '%'].includes(node[1]) ? paths : [];
      }
      case 'logical':
        return this.#all([node[2], node[3]]);
      case 'conditional':
        this.read(node[1]);
        return this.#all([node[2], node[3]]);
    }
  }

  #all(nodes: Node[]): Path[] {
    return this.#bounded(nodes.flatMap((node) => this.read(node)));
  }

  #bounded(paths: Path[]): Path[] {
    if (paths.length <= maxAlternatives) return paths;
    return [{ names: [], open: true, assembled: true }];
  }

  #member(target: Node, key: Node): Path[] {
    const joinsBefore = this.joins.length;
    const targets = this.read(target);
    // A piece of a joined text.
    if (this.joins.length > joinsBefore) this.mixed = true;
    if (typeof key !== 'string') this.read(key);
    const keys = constantsOf(key, this.#shown);
    if (keys === undefined) {
      this.unknownKey = true;
      const assembled = !isPlain(key);
      return targets.map((path) => ({ ...path, open: true, assembled: path.assembled || assembled }));
    }
    if (keys.length === 1 && measures.has(String(keys[0]))) return [];
    return this.#bounded(
      targets.flatMap((path) =>
        keys.map((each) => (isElement(each) ? path : { ...path, names: [...path.names, String(each)], open: false })),
      ),
    );
  }

  /** Operands of `+`: constants and one plain value are told apart again in the result; anything else makes a mixture. */
  #join(node: Node): Path[] {
    const parts = operandsOf(node).map((part) => ({ part, constants: constantsOf(part) }));
    const values = parts.filter(({ constants }) => constants?.length !== 1);
    const at = parts.findIndex(({ constants }) => constants?.length !== 1);
    const texts = parts.map(({ constants }) => constants?.[0]);
    const [only] = values;
    if (only !== undefined) {
      if (values.length === 1 && isWhole(only.part) && texts.every((text, index) => index === at || typeof text === 'string')) {
        this.joins.push({ before: texts.slice(0, at).join(''), after: texts.slice(at + 1).join('') });
      } else {
        this.mixed = true;
      }
    }
    return this.#all(values.map(({ part }) => part));
  }
}

const pathOf = (name: string): Path => ({ names: [name], open: false, assembled: false });

/** A value of the program as it is: a name, or members of one. */
function isPlain(node: Node): boolean {
  return Array.isArray(node) && (node[0] === 'name' || node[0] === 'this' || node[0] === 'member');
}

/** As `isPlain`, and named: an element may be one character of a text. */
function isWhole(node: Node): boolean {
  return isPlain(node) && !(Array.isArray(node) && node[0] === 'member' && (typeof node[2] !== 'string' || isElement(node[2])));
}

/** Whether the key names an element, not a field. */
export const isElement = (key: Constant): boolean => typeof key === 'number' || /^\d+$/.test(String(key));

/** What `+` joins, from left to right; parts that are constant stay whole, so that they are added up as they would be. */
function operandsOf(node: Node): Node[] {
  if (!Array.isArray(node) || node[0] !== 'binary' || node[1] !== '+' || constantsOf(node)?.length === 1) return [node];
  return [...operandsOf(node[2]), ...operandsOf(node[3])];
}

/** All values the part may have when they follow from the text, and from variables that are shown; undefined when they do not. */
export function constantsOf(node: Node, shown?: Shown): Constant[] | undefined {
  if (node === null || typeof node !== 'object') return [node];
  const both = (left: Node, right: Node, combine: (a: Constant[], b: Constant[]) => Constant[]): Constant[] | undefined => {
    const a = constantsOf(left, shown);
    const b = a && constantsOf(right, shown);
    const all = a && b && [...new Set(combine(a, b))];
    return all !== undefined && all.length <= maxAlternatives ? all : undefined;
  };
  switch (node[0]) {
    case 'undefined':
      return [undefined];
    case 'name': {
      const value = shown?.(node[1]);
      return value === undefined ? undefined : [value];
    }
    case 'unary':
      if (node[1] === '!') return [true, false];
      // Which number it is makes no difference to a name.
      return node[1] === 'typeof' ? undefined : anyNumber;
    case 'call':
      return [true, false];
    case 'binary':
      if (node[1] === '+') return both(node[2], node[3], (a, b) => a.flatMap((left) => b.map((right) => added(left, right))));
      return ['-', '*', '/', '%'].includes(node[1]) ? anyNumber : [true, false];
    case 'logical':
      return both(node[2], node[3], (a, b) => [...a, ...b]);
    case 'conditional':
      return both(node[2], node[3], (a, b) => [...a, ...b]);
    case 'member':
      return typeof node[2] === 'string' && measures.has(node[2]) ? anyNumber : undefined;
    default:
      return undefined;
  }
}

/** Stands for a number that is worked out in the program. Two, so that it never counts as a constant that is known. */
const anyNumber: Constant[] = [0, 1];

function added(left: Constant, right: Constant): Constant {
  return typeof left === 'string' || typeof right === 'string' ? `${left}${right}` : Number(left) + Number(right);
}
