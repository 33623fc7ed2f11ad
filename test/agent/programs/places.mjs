// One function a kind of place; each marks the line that is asked for with its own name.
import { EventEmitter } from 'node:events';

const moduleList = ['module'];
let moduleCount = 3;
const fetch = 'a shadowed global';
export { fetch, moduleList };
const use = (...values) => values.length;
void EventEmitter;

export function locals(first, { second, nested: { third = 'default' } = {} }, [fourth, ...rest], fifth = first + 1) {
  const sum = first + fifth;
  var hoisted = 'var';
  moduleCount += 1;
  return use(sum, second, third, fourth, rest, hoisted, moduleList, fetch); // <- locals
}

export function closure(outer) {
  const middle = 'middle';
  const unused = 'gone';
  void unused;
  const inner = (own) => {
    return use(own, middle, outer); // <- closure
  };
  return inner(1);
}

export function deadZone() {
  const early = 1;
  use(early); // <- deadZone
  const late = 2;
  let later = 3;
  return late + later;
}

class Base {
  constructor(kind) {
    this.kind = kind;
  }
}
class Account extends Base {
  #balance = 10;
  static count = 0;
  owner = 'ann';
  constructor(kind) {
    const before = kind;
    super(before); // <- beforeSuper
    this.after = true; // <- afterSuper
  }
  deposit(amount) {
    this.#balance += amount; // <- method
    return this.#balance;
  }
  get total() {
    const inGetter = this.#balance;
    return inGetter; // <- getter
  }
  static make(kind) {
    return new Account(kind); // <- staticMethod
  }
  static {
    const inBlock = 'static';
    Account.count = use(inBlock); // <- staticBlock
  }
}
export const method = () => new Account('plain').deposit(5);
export const getter = () => new Account('plain').total;
export const staticMethod = () => Account.make('made').kind;

export async function afterAwait(input) {
  const before = input * 2;
  const waited = await Promise.resolve(before + 1);
  return use(before, waited); // <- afterAwait
}

export function generator() {
  function* count(from) {
    let step = 0;
    while (step < 2) {
      yield from + step; // <- generator
      step += 1;
    }
  }
  return [...count(10)];
}

export async function asyncGenerator() {
  async function* letters(text) {
    for (const letter of text) {
      yield letter; // <- asyncGenerator
    }
  }
  for await (const one of letters('ab')) use(one);
}

export function caught() {
  try {
    throw new TypeError('broken');
  } catch (problem) {
    const inCatch = problem.message;
    return use(inCatch); // <- caught
  } finally {
    use();
  }
}

export function caughtParts() {
  try {
    throw { code: 'E', detail: { reason: 'why' } };
  } catch ({ code, detail: { reason } }) {
    return use(code, reason); // <- caughtParts
  }
}

export function loops() {
  let total = 0;
  for (let index = 0; index < 3; index++) for (const [key, value] of Object.entries({ a: 1 })) {
    const double = value * 2;
    total += double + index + key.length; // <- loops
  }
  return total;
}

export function switches(kind) {
  switch (kind) {
    case 'a': {
      const inCase = 'case';
      return use(inCase); // <- switches
    }
    default:
      return 0;
  }
}

export function shadowed() {
  const JSON = 'mine';
  const globalThis = 'also mine';
  const name = 'outer';
  {
    const name = 'inner';
    return use(JSON, globalThis, name); // <- shadowed
  }
}

export const arrows = (list) => list.map((item) => use(item)); // <- arrows

export const literal = {
  text: `template ${((inTemplate) => `${inTemplate}`)('t')} } {`,
  regexp: /[/{}()]+"'`/g,
  method(argument) {
    const half = argument / 2 / 1;
    return use(half, this.text); // <- literal
  },
  ['computed' + 1](argument) {
    return argument;
  },
};
export const literalMethod = () => literal.method(8);

export function named() {
  const self = function again(depth) {
    return depth === 0 ? 0 : again(depth - 1); // <- named
  };
  return self(1);
}

export function unicode() {
  const größe = 1, $dollar = 2, _under = 3, π = 4;
  return use(größe, $dollar, _under, π); // <- unicode
}

export function manyOnOneLine(a) { const b = a + 1; return [a, b].map((c) => use(c + b)); } // <- manyOnOneLine
export function noSemicolons(a) {
  const b = a
  const c = b
  use(c) // <- noSemicolons
  var d = function () { return 1 }
  return d()
}
