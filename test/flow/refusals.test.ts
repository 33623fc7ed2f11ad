import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent } from '../agent/built-agent.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { connected, markedLine, type Program, startProgram } from '../helpers/program.ts';
import { type Answer, type Caller, connectCaller } from './world.ts';

const file = fileURLToPath(new URL('./programs/orders.mjs', import.meta.url));
const lines = readFileSync(file, 'utf8').split('\n');
const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;
const gross = markedLine(file, '// <- gross');
const booked = markedLine(file, '// <- booked');
/** Of `netOf`, whose text is that of no other line. */
const net = lines.findIndex((line) => line.trim() === 'return total;') + 1;

interface Told {
  bound?: { line: number; text?: string };
  verdict?: { code: string; verdict: string; lastError?: string; next: string };
  found?: { places: unknown[] }[];
  next?: { tool: string; why: string; arguments: Record<string, unknown> };
  targets: { hits: number; passes?: { seen: number } }[];
  hits: { at: { line: number }; stack: { line: number }[] }[];
}
const told = ({ structured }: Answer) => structured as unknown as Omit<Answer['structured'], keyof Told> & Told;

let bridge: TestBridge;
let caller: Caller;
let program: Program;
let agent: string;

beforeAll(async () => {
  bridge = await startBridge();
  agent = await buildAgent();
  program = startProgram({
    ...{ file, service: 'orders', url: bridge.agentUrl, key: bridge.enrolKey },
    agent: join(agent, 'register.js'),
  });
  await connected(bridge, 'orders');
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
}, 60_000);
afterAll(async () => {
  await caller?.close();
  await program?.stop();
  await bridge?.close();
  if (agent !== undefined) await rm(agent, { recursive: true, force: true });
});

const place = { file: 'orders.mjs', line: booked, timeoutSeconds: 20 };
const refused = async (tool: string, args: object) => {
  const answer = await caller.call(tool, { ...place, ...args });
  expect(answer.isError, JSON.stringify(answer.structured)).toBe(true);
  return answer.structured.error;
};

describe('a name that is not in scope is refused before anything is placed', () => {
  it.each([
    ['take_snapshot', { condition: "quote > 1 && ordr.id === 'a'" }, 'condition'],
    ['take_snapshot', { expressions: ['order.id', 'quote', 'ordr.items'] }, 'expressions[2]'],
    ['add_log', { template: 'order {order.id} costs {ordr.total}' }, 'template'],
    ['measure_value', { expression: 'ordr.total' }, 'expression'],
    ['count_hits', { condition: 'ordr.id > 1' }, 'condition'],
  ])('%s %j names the field, the name and the nearest one', async (tool, args, field) => {
    expect(await refused(tool, args)).toMatchObject({
      ...{ code: 'invalid_expression', field },
      message: expect.stringMatching(/^`ordr` is not in scope on this line\./),
      next: expect.stringContaining('in scope'),
      data: {
        options: { name: 'ordr', didYouMean: ['order'], inScope: expect.arrayContaining(['booked', 'quote', 'order']) },
        agents: [{ code: 'bad-expression', message: expect.stringContaining('did you mean `order`?') }],
      },
    });
  });

  it('and a condition that reads a hidden name is refused as one', async () => {
    expect(await refused('take_snapshot', { condition: "order.password === 'x'" })).toMatchObject({
      ...{ code: 'invalid_expression', field: 'condition' },
      message: expect.stringContaining('a redaction rule hides'),
    });
  });
});

describe('a condition that fails in the program', () => {
  it('is told with the nearest own name of the object, as data and not among our own words', async () => {
    const answer = await caller.call('take_snapshot', { ...place, condition: 'order.itmes.length > 1' });
    const lastError = '`undefined` has no `length`: `order` has no own `itmes`; did you mean `items`?';
    expect(told(answer).verdict).toMatchObject({
      ...{ code: 'condition-failed', lastError },
      verdict: expect.stringMatching(/^The condition could not be evaluated/),
      next: expect.stringContaining('lastError'),
    });
    const { verdict, actionId } = told(answer);
    const explained = told(await caller.call('explain', { actionId })).verdict;
    expect(explained).toMatchObject({ code: verdict?.code, lastError });
  });
});

describe('an expected text of several lines', () => {
  const pasted = (from: number, count: number, indent = ''): string =>
    lines
      .slice(from - 1, from - 1 + count)
      .map((line) => `${indent}${line.trim()}`)
      .join('\n');

  it('finds a line that has moved though its text stands on several lines', async () => {
    const answer = await caller.call('count_hits', {
      ...place,
      ...{ line: net + 9, expectLine: pasted(net + 1, 4, '      '), waitSeconds: 0 },
    });
    // The brace that ends `netOf` and what follows: the next line with code.
    expect(told(answer).bound?.line).toBe(gross - 1);
    const ending = `\n${pasted(booked - 1, 3)}\r\n\n`;
    const there = await caller.call('take_snapshot', { ...place, line: 2, expectLine: ending });
    expect(told(there)).toMatchObject({ status: 'completed', bound: { line: booked - 1, text: lines[booked - 2]?.trim() } });
  });

  it('is refused with what is deployed there and where it could be meant', async () => {
    const wanted = { line: gross, expectLine: '}\n' };
    const braces = lines.flatMap((line, index) => (line.trim() === '}' ? [index + 1] : []));
    expect(braces.length).toBeGreaterThan(2);
    const several = await refused('count_hits', wanted);
    expect(several).toMatchObject({
      ...{ code: 'invalid_location', field: 'expectLine' },
      next: expect.stringContaining('or add the lines that follow it'),
      data: { options: { deployed: [lines[gross - 1]?.trim()], lines: expect.arrayContaining(braces) } },
    });
    const one = await refused('count_hits', { line: gross, expectLine: '   const quote = grossOf(order);' });
    expect(one?.next).toBe(`Call again with line ${lineOf('const quote')}: the expected text stands there.`);
    const gone = await refused('count_hits', { line: gross, expectLine: `gone();\n${pasted(gross + 1, 3)}` });
    expect(gone?.data).toMatchObject({ options: { deployed: [lines[gross - 1]?.trim(), '}', '', lines[gross + 2]] } });
    expect(await refused('count_hits', { line: 1, expectLine: pasted(1, 7) })).toMatchObject({
      ...{ code: 'invalid_input', field: 'expectLine' },
      message: 'expectLine has 7 lines; it may have the line itself and up to 5 after it.',
    });
  });
});

describe('a duration', () => {
  it('to a line of another function is refused with the field', async () => {
    expect(await refused('measure_duration', { line: lineOf('const quote'), toLine: gross })).toMatchObject({
      ...{ code: 'invalid_input', field: 'toLine' },
      message: expect.stringContaining('toLine is in another function than line.'),
      data: { agents: [{ message: expect.stringContaining('`take`') }] },
    });
  });

  it('of a whole function that took too long says where its snapshot was taken', async () => {
    const answer = await caller.call('measure_duration', {
      ...place,
      line: lineOf('const quote'),
      thresholdMs: 0,
      timeoutSeconds: 5,
    });
    const { hits, bound } = told(answer);
    expect(bound?.line).toBe(lineOf('const quote'));
    expect(hits[0]?.at.line).toBe(booked);
    expect(hits[0]?.stack[0]?.line).toBe(booked);
  });
});

it('an action that ends at its first pass has seen that pass', async () => {
  const { status, targets } = told(await caller.call('take_snapshot', place));
  expect(status).toBe('completed');
  expect(targets[0]?.hits).toBe(1);
  expect(targets[0]?.passes?.seen).toBeGreaterThanOrEqual(1);
});

describe('locate', () => {
  it('offers a snapshot of the best place, which can be taken as it is', async () => {
    const { next } = told(await caller.call('locate', { snippet: 'const booked = { ...order, quote };' }));
    expect(next).toMatchObject({
      tool: 'take_snapshot',
      arguments: { source: { service: 'orders' }, line: booked - 1, expectLine: 'const booked = { ...order, quote };' },
    });
    expect(told(await caller.call('take_snapshot', next?.arguments))).toMatchObject({
      status: 'completed',
      bound: { line: booked - 1 },
    });
  });

  it('says where else to look when nothing fits', async () => {
    const inFile = told(await caller.call('locate', { function: 'grossOf', file: 'elsewhere.mjs' }));
    expect(inFile).toMatchObject({ found: [{ places: [] }], next: { tool: 'locate', arguments: { function: 'grossOf' } } });
    expect(told(await caller.call('locate', inFile.next?.arguments)).found?.[0]?.places).not.toEqual([]);
    const nowhere = told(await caller.call('locate', { function: 'Nobody.wroteThis' }));
    expect(nowhere.next).toMatchObject({ tool: 'list_sources', why: expect.stringContaining('the last part of the name') });
  });
});
