import { describe, expect, it } from 'vitest';
import { allPrompts } from '../../src/mcp/prompts/all.ts';
import { allTools } from '../../src/tools/all.ts';
import { clients } from './clients.ts';
import { aliceKey, bobKey, inWorld } from './world.ts';

const tools = new Map(allTools.map((tool) => [tool.name, tool]));
/** What fills each prompt. */
const filled: Record<string, Record<string, string>> = {
  debug_exception: { error: 'TypeError: y is undefined\n    at post (src/ledger.ts:7:9)', service: 'ledger' },
  debug_slow_call: { function: 'Ledger.post', slowerThanMs: '250' },
  debug_wrong_value: { symptom: 'the balance of old accounts is 10 % of what it should be', place: 'src/ledger.ts' },
};
const outsideFence = (text: string): string => text.replace(/\[untrusted-data (\w+)\]\n[^\n]*\n\[end \1\]/g, '');
const insideFence = (text: string): unknown => JSON.parse(/\[untrusted-data (\w+)\]\n(.*)\n\[end \1\]/.exec(text)?.[2] ?? '');

describe.each(clients)('through $name', ({ connect }) => {
  it('every caller is offered the hunts and can start each', () =>
    inWorld(async ({ url }) => {
      const client = await connect(url, bobKey);
      expect((await client.prompts()).map(({ name }) => name)).toEqual(Object.keys(filled));
      for (const [name, args] of Object.entries(filled)) {
        const text = await client.prompt(name, args);
        expect(insideFence(text), name).toEqual(args);
        for (const given of Object.values(args)) expect(outsideFence(text), name).not.toContain(given.slice(0, 30));
      }
      await client.close();
    }));

  it.each([
    { name: 'debug_nothing', args: {}, field: 'name', says: /no prompt "debug_nothing".*debug_exception/ },
    { name: 'debug_exception', args: {}, field: 'arguments.error', says: /error is required.*takes error \(required\), service/ },
    { name: 'debug_exception', args: { error: ' ' }, field: 'arguments.error', says: /error is required/ },
    { name: 'debug_exception', args: { error: 'x', file: 'a.ts' }, field: 'arguments', says: /no argument "file"/ },
    { name: 'debug_exception', args: { error: 'x'.repeat(8_001) }, field: 'arguments.error', says: /8001 characters; 8000/ },
    { name: 'debug_slow_call', args: { function: 'f', slowerThanMs: 'fast' }, field: 'arguments.slowerThanMs', says: /number/ },
    { name: 'debug_slow_call', args: { function: 'f', slowerThanMs: '0' }, field: 'arguments.slowerThanMs', says: /above 0/ },
    { name: 'debug_wrong_value', args: { place: 'a.ts' }, field: 'arguments.symptom', says: /symptom is required/ },
  ])('$name of $args is refused with $field', ({ name, args, field, says }) =>
    inWorld(async ({ url }) => {
      const client = await connect(url, aliceKey);
      await expect(client.prompt(name, args as Record<string, string>)).rejects.toMatchObject({
        code: -32_602,
        message: expect.stringMatching(says),
        data: { code: 'invalid_input', field, requestId: expect.stringMatching(/^req_/) },
      });
      await client.close();
    }),
  );
});

describe.each(allPrompts)('the hunt $name', ({ steps, arguments: args }) => {
  const text = steps('hunt-1').join('\n');
  const calls = [...text.matchAll(/^ +([a-z_]+) (\{.*\})$/gm)].map(([, tool = '', json = '']) => ({ tool, json }));

  it('calls only tools that exist, with arguments they take', () => {
    expect(calls.length).toBeGreaterThan(5);
    for (const { tool, json } of calls) {
      const input = tools.get(tool)?.input;
      const given = JSON.parse(json.replaceAll('act_…', `act_${'0'.repeat(22)}`)) as Record<string, unknown>;
      expect(input?.strict().safeParse(given), `${tool} ${json}`).toMatchObject({ success: true });
    }
    for (const word of text.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [])
      if (word !== 'act_') expect([...tools.keys()]).toContain(word);
  });

  it('places everything under one investigation, and takes all of it off at the end', () => {
    const placing = calls.filter(({ tool }) => tools.get(tool)?.input.shape.timeoutSeconds !== undefined);
    expect(placing.length).toBeGreaterThan(0);
    for (const { json } of placing) expect(JSON.parse(json)).toMatchObject({ investigation: 'hunt-1' });
    expect(calls.at(-1)).toEqual({ tool: 'cancel_actions', json: '{"investigation":"hunt-1"}' });
  });

  it('asks for one thing at least, and describes all', () => {
    expect(args.some(({ required }) => required)).toBe(true);
    expect(args.every(({ description }) => description.endsWith('.'))).toBe(true);
  });
});

it('every hunt has an investigation of its own', () =>
  inWorld(async ({ url }) => {
    const client = await clients[0].connect(url, aliceKey);
    const names = await Promise.all(
      [1, 2, 3].map(async () => /"investigation":"([^"]+)"/.exec(await client.prompt('debug_exception', { error: 'x' }))?.[1]),
    );
    expect(new Set(names).size).toBe(3);
    await client.close();
  }));
