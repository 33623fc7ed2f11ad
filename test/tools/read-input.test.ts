import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/lib/refusal.ts';
import { allTools } from '../../src/tools/all.ts';
import { ignoredArguments, readInput } from '../../src/tools/read-input.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import type { Tool } from '../../src/tools/tool.ts';

const registry = createRegistry(allTools);
const snapshot = registry.get('take_snapshot') as Tool;
const sources = registry.get('list_sources') as Tool;
const place = { file: 'src/checkout.ts', line: 42 };

const taken: { what: string; given: Record<string, unknown>; read: Record<string, unknown> }[] = [
  {
    what: 'plain arguments',
    given: { source: { service: 'shop' }, maxHits: 3 },
    read: { source: { service: 'shop' }, maxHits: 3 },
  },
  { what: 'null for what is left out', given: { condition: null, maxHits: null, source: null }, read: {} },
  { what: 'null inside an object', given: { source: { service: 'shop', tag: null } }, read: { source: { service: 'shop' } } },
  { what: 'numbers as text', given: { line: '42', maxHits: ' 5 ' }, read: { maxHits: 5 } },
  { what: 'a list as JSON text', given: { expressions: '["a","b.c"]' }, read: { expressions: ['a', 'b.c'] } },
  { what: 'one item instead of a list', given: { expressions: 'order.total' }, read: { expressions: ['order.total'] } },
  { what: 'an object as JSON text', given: { source: '{"service":"shop"}' }, read: { source: { service: 'shop' } } },
  {
    what: 'a list inside an object as text',
    given: { source: { agentIds: '["agent-1"]' } },
    read: { source: { agentIds: ['agent-1'] } },
  },
  { what: 'keys that n8n adds', given: { sessionId: 'x', action: 'sendMessage', chatInput: '', toolCallId: 7 }, read: {} },
  {
    what: 'unknown keys inside an object',
    given: { source: { service: 'shop', cluster: 'x' } },
    read: { source: { service: 'shop' } },
  },
  { what: 'text that only looks like a number', given: { condition: '42' }, read: { condition: '42' } },
];

const refused: { what: string; given: unknown; field: string; code: string }[] = [
  { what: 'a list for the arguments', given: [place], field: 'arguments', code: 'invalid_input' },
  { what: 'a text for the arguments', given: 'src/checkout.ts:42', field: 'arguments', code: 'invalid_input' },
  { what: 'nothing', given: undefined, field: 'file', code: 'invalid_input' },
  { what: 'null', given: null, field: 'file', code: 'invalid_input' },
  { what: 'an empty file', given: { ...place, file: '' }, field: 'file', code: 'invalid_input' },
  { what: 'a word for a number', given: { ...place, line: 'forty' }, field: 'line', code: 'invalid_input' },
  { what: 'an empty text for a number', given: { ...place, line: '' }, field: 'line', code: 'invalid_input' },
  { what: 'half a line', given: { ...place, line: 1.5 }, field: 'line', code: 'invalid_input' },
  { what: 'line zero', given: { ...place, line: 0 }, field: 'line', code: 'limit_exceeded' },
  { what: 'a number beyond all', given: { ...place, line: '1e400' }, field: 'line', code: 'invalid_input' },
  { what: 'true for a number', given: { ...place, maxHits: true }, field: 'maxHits', code: 'invalid_input' },
  { what: 'text that is no JSON for an object', given: { ...place, source: 'shop' }, field: 'source', code: 'invalid_input' },
  { what: 'a list for an object', given: { ...place, source: ['shop'] }, field: 'source', code: 'invalid_input' },
  {
    what: 'a number in a list of texts',
    given: { ...place, expressions: ['a', 7] },
    field: 'expressions[1]',
    code: 'invalid_input',
  },
  { what: 'an empty text in a list', given: { ...place, expressions: [''] }, field: 'expressions[0]', code: 'invalid_input' },
  { what: '51 hits as text', given: { ...place, maxHits: '51' }, field: 'maxHits', code: 'limit_exceeded' },
  { what: 'no hits', given: { ...place, maxHits: 0 }, field: 'maxHits', code: 'limit_exceeded' },
  { what: 'no agents', given: { ...place, source: { agentIds: [] } }, field: 'source.agentIds', code: 'limit_exceeded' },
  {
    what: 'an endless condition',
    given: { ...place, condition: 'a'.repeat(100_000) },
    field: 'condition',
    code: 'invalid_input',
  },
  { what: 'a number for a text', given: { ...place, file: 42 }, field: 'file', code: 'invalid_input' },
];

function refusalOf(tool: Tool, given: unknown): Refusal {
  try {
    readInput(tool, given);
  } catch (problem) {
    if (problem instanceof Refusal) return problem;
    throw problem;
  }
  return expect.unreachable('it was taken');
}

describe('arguments are taken as clients send them:', () => {
  it.each(taken)('$what', ({ given, read }) => {
    expect(readInput(snapshot, { ...place, ...given })).toEqual({ ...place, ...read });
  });

  it('nothing at all, where nothing is needed, gives the defaults', () => {
    for (const given of [undefined, null, {}])
      expect(readInput(sources, given)).toEqual({ includeDisconnected: false, limit: 20 });
  });

  it('switches as text', () => {
    expect(readInput(sources, { includeDisconnected: 'true' })).toMatchObject({ includeDisconnected: true });
    expect(refusalOf(sources, { includeDisconnected: 'yes' }).details).toMatchObject({ field: 'includeDisconnected' });
  });
});

describe('arguments are refused with the field at fault and what to do:', () => {
  it.each(refused)('$what', ({ given, field, code }) => {
    expect(refusalOf(snapshot, given).details).toMatchObject({
      field,
      code,
      message: expect.any(String),
      next: expect.any(String),
    });
  });
});

describe('names that mean something to the language', () => {
  it('are keys like any other, and reach nothing', () => {
    const given = JSON.parse(
      '{"__proto__":{"isAdmin":true,"file":"evil.ts"},"constructor":{"prototype":{"isAdmin":true}},"file":"a.ts","line":1}',
    );
    const read = readInput(snapshot, given);
    expect(read).toEqual({ file: 'a.ts', line: 1 });
    expect(Reflect.get(read, 'isAdmin')).toBeUndefined();
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
  });

  it('are not found where they were not given', () => {
    const inherited = Object.create({ file: 'inherited.ts', line: 1 }) as object;
    expect(refusalOf(snapshot, inherited).details.field).toBe('file');
  });
});

describe('arguments a tool does not know', () => {
  it('are told back by name, those inside objects too, but not what workflow tools add to every call', () => {
    const slips = { ...place, conditon: 'x > 1', source: { service: 'shop', cluster: 'a' }, sessionId: 'n8n', maxHits: null };
    expect(ignoredArguments(snapshot, slips)).toEqual(['conditon', 'source.cluster']);
    expect(ignoredArguments(snapshot, place)).toEqual([]);
    expect(ignoredArguments(snapshot, undefined)).toEqual([]);
  });

  it('are bounded in number and length', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}${'x'.repeat(500)}`, 1]));
    const told = ignoredArguments(snapshot, many);
    expect(told).toHaveLength(10);
    expect(Math.max(...told.map((name) => name.length))).toBeLessThanOrEqual(40);
  });
});
