import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { clients } from './clients.ts';

let bridge: TestBridge;
beforeAll(async () => {
  bridge = await startBridge();
});
afterAll(() => bridge?.close());

/** Calls whose answers, good or refused, need no agent. */
const calls: { tool: string; args: Record<string, unknown>; code?: string }[] = [
  { tool: 'get_status', args: {} },
  { tool: 'list_sources', args: {} },
  { tool: 'list_actions', args: {} },
  { tool: 'wait_for_hits', args: { actionId: `act_${'0'.repeat(22)}` }, code: 'not_found' },
  { tool: 'cancel_actions', args: { actionId: 7 }, code: 'invalid_input' },
  { tool: 'take_snapshot', args: { file: 'a.ts', line: 1, maxHits: 51 }, code: 'limit_exceeded' },
  { tool: 'take_snapshot', args: { file: 'a.ts', line: 1, source: { service: 'nowhere' } }, code: 'not_found' },
];

describe.each(clients)('through $name a whole bridge', ({ connect }) => {
  // A client that listed the tools checks every structured answer, refusals included, against the schema it was given.
  it('gives answers and refusals that pass the schemas it listed', async () => {
    const client = await connect(bridge.mcpUrl, bridge.fullKey);
    expect((await client.list()).every((tool) => tool.outputSchema)).toBe(true);
    for (const { tool, args, code } of calls) {
      const result = await client.call(tool, args);
      const { error } = result.structuredContent as { error?: { code: string } };
      expect(error?.code, tool).toBe(code);
      expect(result.isError, tool).toBe(code !== undefined);
      expect(result._meta?.['sidelight/latencyMs'], tool).toMatchObject({ total: expect.any(Number) });
    }
    await client.close();
  });

  it('shows a read key only what it may call', async () => {
    const client = await connect(bridge.mcpUrl, bridge.readKey);
    const names = (await client.list()).map((tool) => tool.name);
    expect(names).toContain('list_sources');
    expect(names).not.toContain('take_snapshot');
    expect(await client.call('take_snapshot', { file: 'a.ts', line: 1 })).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'insufficient_scope' } },
    });
    await client.close();
  });
});
