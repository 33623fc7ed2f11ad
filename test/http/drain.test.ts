import { expect, it } from 'vitest';
import { connectCaller, onCheckout, startAgent } from '../flow/world.ts';
import { startBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';

const delaySeconds = 3;

it('a bridge that goes down is not ready first, while calls and agents are served as before', async () => {
  const bridge = await startBridge({ 'drain-delay-seconds': String(delaySeconds) });
  const agent = await startAgent(bridge);
  const caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  const ready = () => fetch(new URL('/readyz', bridge.url));
  const before = await ready();
  expect(before.status).toBe(200);
  expect(before.headers.get('cache-control')).toBe('no-store');
  expect(await before.json()).toMatchObject({ status: 'ready', checks: { database: true, schema: true, accepting: true } });
  const waiting = caller.call('take_snapshot', { ...onCheckout, maxHits: 3, waitSeconds: 60, timeoutSeconds: 120 });
  await until('it is armed', () => agent.probes.armed === 1 || undefined);
  agent.pass();
  const { actions } = (await caller.call('list_actions')).structured;
  const actionId = actions[0]?.actionId ?? '';
  await until('its hit is in', async () => {
    const { structured } = await caller.call('wait_for_hits', { actionId, waitSeconds: 0 });
    return structured.hitCount === 1 || undefined;
  });

  const startedMs = performance.now();
  const closed = bridge.close();
  const during = await ready();
  expect(during.status).toBe(503);
  expect(await during.json()).toMatchObject({ status: 'not ready', failing: ['accepting'] });
  expect((await fetch(new URL('/healthz', bridge.url))).status, 'it lives on').toBe(200);
  expect((await caller.call('get_status')).isError, 'who did not hear of it is served').toBe(false);
  const late = await startAgent(bridge);
  expect(performance.now() - startedMs, 'all of that within the delay').toBeLessThan(delaySeconds * 1_000);

  const { structured } = await waiting;
  expect(performance.now() - startedMs).toBeGreaterThan(delaySeconds * 1_000 - 100);
  expect(structured, 'a call under way ends with the hits there are').toMatchObject({ actionId, status: 'pending', hitCount: 1 });
  expect(structured.hits).toHaveLength(1);
  await closed;
  await expect(ready()).rejects.toThrow();
  await Promise.all([caller.close().catch(() => undefined), agent.stop(), late.stop()]);
}, 120_000);
