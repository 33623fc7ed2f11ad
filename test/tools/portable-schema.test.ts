import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { portableSchema } from '../../src/tools/portable-schema.ts';

const text = z.string().describe('A text.');

describe('the JSON Schema clients are given', () => {
  it('keeps what every client digests', () => {
    const schema = z.object({
      count: z.int().min(1).max(50).default(1).describe('How many.'),
      kind: z.enum(['a', 'b']).optional().describe('Which.'),
      source: z.object({ tags: z.array(text).describe('Tags.') }).describe('Where.'),
    });
    expect(portableSchema(schema, 'input')).toEqual({
      type: 'object',
      properties: {
        count: { type: 'integer', minimum: 1, maximum: 50, default: 1, description: 'How many.' },
        kind: { type: 'string', enum: ['a', 'b'], description: 'Which.' },
        source: {
          type: 'object',
          description: 'Where.',
          properties: { tags: { type: 'array', items: { type: 'string', description: 'A text.' }, description: 'Tags.' } },
          required: ['tags'],
        },
      },
      required: ['source'],
    });
  });

  it('has properties even when there are none, because n8n needs them', () => {
    expect(portableSchema(z.object({}), 'input')).toEqual({ type: 'object', properties: {} });
  });

  it('leaves out the bounds zod gives to every integer', () => {
    expect(portableSchema(z.object({ n: z.int().describe('N.') }), 'input').properties).toEqual({
      n: { type: 'integer', description: 'N.' },
    });
  });

  it('never closes an object, so that a new field breaks no client', () => {
    const schema = z.strictObject({ inner: z.strictObject({ a: text }).describe('Inner.') });
    for (const io of ['input', 'output'] as const)
      expect(JSON.stringify(portableSchema(schema, io))).not.toContain('additionalProperties');
  });

  it('turns a constant into a choice of one', () => {
    expect(portableSchema(z.object({ kind: z.literal('x').describe('Kind.') }), 'output').properties).toEqual({
      kind: { type: 'string', enum: ['x'], description: 'Kind.' },
    });
  });

  it('lets answers, but not arguments, hold values of any type', () => {
    const schema = z.object({
      value: z.unknown().describe('Anything.'),
      map: z.record(z.string(), z.unknown()).describe('Map.'),
    });
    expect(portableSchema(schema, 'output').properties).toEqual({
      value: { description: 'Anything.' },
      map: { type: 'object', description: 'Map.' },
    });
    expect(() => portableSchema(schema, 'input')).toThrow(/without a type at "value"/);
  });

  it('takes a property that is called like a keyword', () => {
    expect(portableSchema(z.object({ not: text, $ref: text, properties: text }), 'input').required).toEqual([
      'not',
      '$ref',
      'properties',
    ]);
  });
});

const four = z.object({ d: text }).describe('3');
const refused: [string, z.ZodObject, RegExp][] = [
  [
    'a property without a description',
    z.object({ outer: z.object({ a: z.string() }).describe('Outer.') }),
    /"outer\.a" of a tool's input has no description/,
  ],
  ['a choice of types', z.object({ a: z.union([z.string(), z.object({})]).describe('A.') }), /"anyOf" at "a"/],
  ['null', z.object({ a: z.string().nullable().describe('A.') }), /at "a"/],
  ['a tuple', z.object({ a: z.tuple([z.string()]).describe('A.') }), /a tuple at "a"/],
  ['a date', z.object({ a: z.date().describe('A.') }), /Date/],
  [
    'objects four levels deep',
    z.object({ a: z.object({ b: z.object({ c: z.object({ d: four }).describe('2') }).describe('1') }).describe('0') }),
    /more than 3 levels of objects at "a\.b\.c\.d"/,
  ],
];

describe('what stops the start', () => {
  it.each(refused)('%s', (_what, schema, message) => {
    expect(() => portableSchema(schema, 'input')).toThrow(message);
  });

  it('a schema that contains itself', () => {
    interface Node {
      next?: Node | undefined;
    }
    const node: z.ZodType<Node> = z.lazy(() => z.object({ next: node.optional().describe('Next.') })).describe('Node.');
    expect(() => portableSchema(z.object({ node }), 'output')).toThrow();
  });
});
