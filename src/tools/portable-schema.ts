import { z } from 'zod';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON Schema node as it goes over the wire. */
export type JsonSchema = { [keyword: string]: Json };

/** A root that every client reads as "arguments by name"; `properties` is there even when empty, because n8n needs it. */
export type PortableSchema = JsonSchema & { type: 'object'; properties: JsonSchema };

/** The keywords that clients in the field are known to digest; everything else stops the start. */
const portableKeywords = new Set([
  'type',
  'description',
  'title',
  'default',
  'enum',
  'properties',
  'required',
  'items',
  'additionalProperties',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minItems',
  'maxItems',
  'uniqueItems',
]);

/** Objects below the root of an input; form-filling clients and strict converters get unreliable deeper than this. */
const maxInputDepth = 3;

/**
 * A zod object as the JSON Schema subset that n8n, OpenAI strict mode, Gemini and LangChain all understand: no `$ref`, no
 * unions, no tuples, no type lists. Throws when the schema needs more, or when a property has no description.
 */
export function portableSchema(schema: z.ZodObject, io: 'input' | 'output'): PortableSchema {
  const raw = z.toJSONSchema(schema, { io, target: 'draft-7', reused: 'inline', cycles: 'throw', unrepresentable: 'throw' });
  const { $schema: _dialect, $id: _id, ...root } = raw;
  const out = walk(root as JsonSchema, io, '', 0);
  return { ...out, type: 'object', properties: isNode(out.properties) ? out.properties : {} };
}

function walk(node: JsonSchema, io: 'input' | 'output', path: string, depth: number): JsonSchema {
  if (io === 'input' && depth > maxInputDepth) throw notPortable(path, `more than ${maxInputDepth} levels of objects`);
  const out: JsonSchema = {};
  for (const [keyword, value] of Object.entries(node)) {
    if (isNoise(keyword, value)) continue;
    if (keyword === 'const')
      out.enum = [value]; // n8n loses `const`, but keeps an enum of one
    else if (portableKeywords.has(keyword)) out[keyword] = below(keyword, value, io, path, depth);
    else throw notPortable(path, `"${keyword}"`);
  }
  if (Array.isArray(out.type)) throw notPortable(path, 'a list of types');
  // Captured values have any shape, so an answer may leave a type open; an argument may not.
  if (io === 'input' && out.type === undefined) throw notPortable(path, 'a value without a type');
  return out;
}

/** The keyword's value, with the schemas below it walked. */
function below(keyword: string, value: Json, io: 'input' | 'output', path: string, depth: number): Json {
  const next = (child: JsonSchema, at: string) => walk(child, io, at, depth + (child.type === 'object' ? 1 : 0));
  if (keyword === 'items') {
    if (!isNode(value)) throw notPortable(path, 'a tuple');
    return next(value, `${path}[]`);
  }
  if (keyword === 'additionalProperties' && isNode(value)) return next(value, `${path}.*`);
  if (keyword !== 'properties' || !isNode(value)) return value;
  const properties: JsonSchema = {};
  for (const [name, child] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!isNode(child)) throw notPortable(at, 'a boolean schema');
    if (!child.description) throw new Error(`"${at}" of a tool's ${io} has no description`);
    properties[name] = next(child, at);
  }
  return properties;
}

function isNoise(keyword: string, value: Json): boolean {
  // Unknown arguments are ignored, never refused, and a client that cached an output schema must survive a new field.
  if (keyword === 'additionalProperties') return value === false || JSON.stringify(value) === '{}';
  // `z.record(z.string(), …)` says that names are strings, which they always are.
  if (keyword === 'propertyNames') return JSON.stringify(value) === '{"type":"string"}';
  // zod gives every integer the bounds of a double.
  if (keyword === 'maximum' || keyword === 'minimum') return Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
  return false;
}

function isNode(value: Json | undefined): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notPortable(path: string, what: string): Error {
  return new Error(`A tool's schema uses ${what} at "${path || 'its root'}", which some MCP clients cannot read`);
}
