import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { z } from 'zod';
import { Refusal } from './refusal.ts';

/** Characters of one file that are read; policy files are a page long, not a megabyte. */
const maxFileChars = 256 * 1024;
/** Mistakes told at once; more than this is one mistake many times. */
const maxMistakes = 20;

/** One thing wrong in a YAML file, at a place an editor can jump to. Line and column count from 1. */
export interface Mistake {
  file: string;
  line: number;
  column: number;
  message: string;
}

/** A YAML file that fitted its schema, and where each of its parts stands. */
export interface StrictYaml<T> {
  file: string;
  value: T;
  /** A mistake at the key or item that `path` names, or at the nearest parent that is written down. */
  mistake(path: readonly PropertyKey[], message: string): Mistake;
}

/** An object that takes these keys and no others, and says which ones it knows. */
export function only<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `unknown key; expected ${Object.keys(shape).join(', ')}` : undefined),
  });
}

/** Every mistake of some files as one refusal, one `file:line:column: sentence` a line. `untold` is how many there are beside them. */
export function refuseMistakes(mistakes: Mistake[], untold = 0): Refusal {
  const lines = mistakes.slice(0, maxMistakes).map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  const more = Math.max(0, mistakes.length - maxMistakes) + untold;
  if (more > 0) lines.push(`… and ${more} more`);
  return new Refusal({ code: 'invalid_input', message: lines.join('\n'), data: { mistakes: mistakes.slice(0, maxMistakes) } });
}

/**
 * Reads one YAML 1.2 document without its surprises: repeated keys, anchors used again, tags, several documents and keys
 * that are not plain strings are refused, then `schema` decides. Throws a Refusal that names every mistake.
 */
export function parseStrictYaml<T>(text: string, file: string, schema: z.ZodType<T>): StrictYaml<T> {
  if (text.length > maxFileChars) {
    throw refuseMistakes([{ file, line: 1, column: 1, message: `longer than ${maxFileChars} characters` }]);
  }
  const lines = new LineCounter();
  const mistakeAt = (offset: number, message: string): Mistake => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message };
  };
  const document = read(text, file, lines);
  const mistakes = [...document.errors, ...document.warnings].map((error) => mistakeAt(error.pos[0], error.message));
  visit(document, (_key, node) => {
    if (isMap(node)) for (const again of repeatedKeys(node)) mistakes.push(mistakeAt(again, 'Map keys must be unique'));
    if (isAlias(node)) mistakes.push(mistakeAt(node.range?.[0] ?? 0, 'aliases are not allowed; write the value out'));
    if (!isPair(node) || (isScalar(node.key) && typeof node.key.value === 'string' && node.key.value !== '__proto__')) return;
    mistakes.push(mistakeAt((isNode(node.key) && node.key.range?.[0]) || 0, 'expected a plain name as key'));
  });
  if (mistakes.length > 0) throw refuseMistakes(mistakes);

  const yaml = { file, mistake: (path: readonly PropertyKey[], message: string) => mistakeAt(offsetOf(document, path), message) };
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return { ...yaml, value: parsed.data };
  const places = parsed.error.issues.flatMap((issue) =>
    (issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]).map((path) => ({
      path,
      issue,
    })),
  );
  // Looking up where something stands takes time in proportion to the keys beside it.
  const told = places.slice(0, maxMistakes).map(({ path, issue }) => yaml.mistake(path, sentence(document, path, issue)));
  throw refuseMistakes(told, places.length - told.length);
}

/** Where keys stand that were there before. The parser compares each key with all before it: seconds for a file of keys. */
function repeatedKeys({ items }: YAMLMap): number[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    if (seen.has(key.value)) return [key.range?.[0] ?? 0];
    seen.add(key.value);
    return [];
  });
}

function read(text: string, file: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, strict: true, uniqueKeys: false, prettyErrors: false });
  } catch (error) {
    // The parser recurses, so a file of brackets ends its stack.
    const message = `cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`;
    throw refuseMistakes([{ file, line: 1, column: 1, message }]);
  }
}

function sentence(document: Document, path: readonly PropertyKey[], issue: z.core.$ZodIssue): string {
  const name = path.reduce<string>(
    (text, part) => text + (typeof part === 'number' ? `[${part}]` : `${text && '.'}${String(part)}`),
    '',
  );
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  const wrong = inner ?? issue.message.replace(/^Invalid (?:input|option|key|string): /, '');
  const missing = document.hasIn(path) || path.length === 0 ? '' : 'missing; ';
  return `${name && `${name}: `}${missing}${missing ? wrong.replace(/, received undefined$/, '') : wrong}`;
}

/** Where the key of `path` starts (an item of a list: where it starts); what is not there is looked for in its parent. */
function offsetOf(document: Document<ParsedNode>, path: readonly PropertyKey[]): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of path) {
    if (!isCollection(node)) break;
    const item: unknown = node.items.find((each, index) =>
      isPair(each) ? isScalar(each.key) && each.key.value === String(part) : index === part,
    );
    const named: unknown = isPair(item) ? item.key : item;
    if (!isNode(named)) break;
    offset = named.range?.[0] ?? offset;
    const next: unknown = isPair(item) ? item.value : item;
    node = isNode(next) ? next : null;
  }
  return offset;
}
