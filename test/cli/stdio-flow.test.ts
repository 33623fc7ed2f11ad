import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { onCheckout, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { stdioClients } from './stdio-clients.ts';

let bridge: TestBridge;
let agent: SimulatedAgent;
beforeAll(async () => {
  bridge = await startBridge();
  agent = await startAgent(bridge);
}, 60_000);
afterAll(async () => {
  await agent?.stop();
  await bridge?.close();
});

describe.each(stdioClients)('a snapshot through sidelight stdio, started by $name', { timeout: 60_000 }, ({ connect }) => {
  it('waits with progress, and brings the hit', async () => {
    const client = await connect(bridge.url.href, bridge.fullKey);
    const heard: string[] = [];
    const asked = client.call(
      'take_snapshot',
      { ...onCheckout, waitSeconds: 40 },
      { timeout: 60_000, onprogress: ({ message = '' }) => heard.push(message) },
    );
    await until('it tells of its wait', () => heard[0] !== undefined || undefined);
    await until('it is armed', () => agent.probes.armed === 1 || undefined);
    agent.pass();
    const { structuredContent } = await asked;
    expect(structuredContent).toMatchObject({ status: 'completed', hits: [{ number: 1 }] });
    expect(await client.names('prompts')).not.toEqual([]);
    const resources = await client.names('resources');
    expect(resources.some((name) => name.length > 0)).toBe(true);
    await client.close();
  });
});
