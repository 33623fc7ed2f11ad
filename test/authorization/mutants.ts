import { type Document, isCollection, isMap, isPair, isScalar, type Pair, parseDocument, visit } from 'yaml';

/** A YAML text with one thing changed. */
export interface Mutant {
  slip: string;
  text: string;
}

interface Change {
  slip: string;
  apply(): void;
}

/** One key with its value, or one item of a list. */
interface Part {
  parent: { items: unknown[] };
  position: number;
}

type Changes = (part: Part) => Change[];

/** The text with one thing left out, misspelt, emptied or of another type at a time. */
export function slips(text: string): Mutant[] {
  return mutants(text, (part) => {
    const { pair, name, value } = read(part);
    const remove = { slip: `${name} left out`, apply: () => void part.parent.items.splice(part.position, 1) };
    const misspell = pair && { slip: `${name} misspelt`, apply: () => void Object.assign(pair.key, { value: `${name}x` }) };
    return [remove, ...(misspell ? [misspell] : []), ...[null, ...wrongValues(value)].map((next) => put(part, next))];
  });
}

/** The text with one word replaced at a time by another of the same list, which no schema can see. */
export function swaps(text: string, words: readonly (readonly string[])[]): Mutant[] {
  return mutants(text, (part) => {
    const value = read(part).plain;
    const lists = words.filter((list) => list.includes(String(value)));
    return lists.flatMap((list) => list.filter((word) => word !== value).map((word) => put(part, word)));
  });
}

function wrongValues(value: unknown): unknown[] {
  const plain = isScalar(value) ? value.value : value;
  if (isMap(value)) return [[], {}, 'text'];
  if (isCollection(value)) return [[], {}, 'text', true];
  if (typeof plain === 'number') return [0, -1, plain + 0.5, 1e9, String(plain), Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
  if (typeof plain === 'boolean') return ['yes', 1, String(plain)];
  return [`${String(plain)}x`, String(plain).toUpperCase(), '', 7, [plain]];
}

function mutants(text: string, changes: Changes): Mutant[] {
  const made: Mutant[] = [];
  for (const index of partsOf(parseDocument(text)).keys()) {
    for (let variant = 0; ; variant += 1) {
      const document = parseDocument(text);
      const part = partsOf(document)[index];
      const change = part && changes(part)[variant];
      if (change === undefined) break;
      change.apply();
      made.push({ slip: `part ${index}: ${change.slip}`, text: document.toString() });
    }
  }
  return made;
}

/** Every key with its value and every item of a list, in the order of the file. */
function partsOf(document: Document): Part[] {
  const parts: Part[] = [];
  visit(document, (_key, node) => {
    if (!isCollection(node)) return;
    for (const position of node.items.keys()) parts.push({ parent: node as Part['parent'], position });
  });
  return parts;
}

function read({ parent, position }: Part) {
  const item = parent.items[position];
  const pair = isPair(item) ? (item as Pair<{ value: unknown }, unknown>) : undefined;
  const value: unknown = pair ? pair.value : item;
  return { pair, value, plain: isScalar(value) ? value.value : value, name: pair ? String(pair.key.value) : `item ${position}` };
}

function put(part: Part, next: unknown): Change {
  const { pair, plain, name } = read(part);
  return {
    slip: `${name} is ${JSON.stringify(next)} instead of ${String(plain)}`,
    apply: () => {
      if (pair) pair.value = next;
      else part.parent.items[part.position] = next;
    },
  };
}
