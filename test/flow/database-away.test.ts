import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { startWire, type Wire } from '../replicas/wire.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

/** The database is away for so long; longer than a call that waits here waits for. */
const awayMs = 3_000;

describe.skipIf(!hasPostgres)('a database that is away for some seconds', () => {
  let world: World;
  let wire: Wire;
  let directory: string;
  let bridge: TestBridge;
  let caller: Caller;
  let agent: SimulatedAgent;
  beforeAll(async () => {
    world = await postgresWorld();
    wire = await startWire(world.url ?? '');
    directory = await mkdtemp(join(tmpdir(), 'sidelight-away-'));
    bridge = await startBridge({ data: directory, 'database-url': wire.url });
    caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
    agent = await startAgent(bridge);
  }, 60_000);
  afterEach(async () => {
    await until('all goes on', async () => (await fetch(new URL('/readyz', bridge.url))).ok || undefined);
    await until('the agent is there', () => agent.state === 'connected' || undefined);
  }, 30_000);
  afterAll(async () => {
    await agent?.stop();
    await caller?.close();
    await bridge?.close();
    await wire?.close();
    await world?.close();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  const snapshot = (args: Record<string, unknown>) => caller.call('take_snapshot', { ...onCheckout, ...args });
  /** Calls, and resolves when the call has begun to wait, which its first word of progress tells. */
  const waitingOf = async (tool: string, args: Record<string, unknown>) => {
    let waits = () => {};
    const begun = new Promise<void>((resolve) => {
      waits = resolve;
    });
    const answer = caller.call(tool, args, { onprogress: () => waits() });
    await begun;
    return { answer };
  };
  /** What happens meanwhile may take less time than it is away. */
  const away = async (how: 'silently' | 'reset', meanwhile: () => void = () => {}) => {
    wire.cut(how);
    const from = performance.now();
    meanwhile();
    await sleep(awayMs - (performance.now() - from));
    wire.mend();
  };

  it.each(['reset', 'silently'] as const)(
    'does not end a wait, which ends with the hit that comes afterwards (%s)',
    async (how) => {
      const { answer } = await waitingOf('take_snapshot', { ...onCheckout, waitSeconds: 40 });
      await away(how);
      agent.pass();
      expect((await answer).structured).toMatchObject({ status: 'completed', hitCount: 1, hits: [{ number: 1 }] });
    },
    60_000,
  );

  it('does not end a wait for a hit that was taken meanwhile', async () => {
    const { actionId } = (await snapshot({ waitSeconds: 0 })).structured;
    const { answer } = await waitingOf('wait_for_hits', { actionId, waitSeconds: 40 });
    await away('reset', () => agent.pass());
    expect((await answer).structured).toMatchObject({ actionId, status: 'completed', hitCount: 1 });
  }, 60_000);

  it('ends a wait whose action came to its end meanwhile as the table has it, and late hits are there soon', async () => {
    const args = { ...onCheckout, waitSeconds: 40, timeoutSeconds: 3, maxHits: 5 };
    const { answer } = await waitingOf('take_snapshot', args);
    await away('reset', () => agent.pass(2));
    const { actionId, status } = (await answer).structured;
    expect(status).toBe('expired');
    await until('they are there', async () => {
      const { hitCount } = (await caller.call('get_hits', { actionId, view: 'raw' })).structured;
      return hitCount === 2 ? true : undefined;
    });
  }, 60_000);

  it('is told to a call whose time is up, with the handle of an action that goes on', async () => {
    const { answer } = await waitingOf('take_snapshot', { ...onCheckout, waitSeconds: 1, timeoutSeconds: 60 });
    await away('reset');
    const { isError, structured } = await answer;
    expect(isError).toBe(true);
    const { code, message, data } = structured.error ?? { code: '', message: '' };
    const actionId = String(data?.actionId);
    expect({ code, message }).toEqual({
      code: 'unavailable',
      message: expect.stringMatching(new RegExp(`${actionId} is not known; it may have gone on, until .*Z at the latest`)),
    });
    expect(agent.probes.armed).toBe(1);
    agent.pass();
    const later = (await caller.call('wait_for_hits', { actionId, waitSeconds: 20 })).structured;
    expect(later).toMatchObject({ status: 'completed', hitCount: 1 });
  }, 60_000);

  it('refuses what is placed meanwhile at once', async () => {
    wire.cut('reset');
    const from = performance.now();
    await expect(snapshot({ waitSeconds: 40 })).rejects.toThrow('"code":"unavailable"');
    const tookMs = performance.now() - from;
    wire.mend();
    expect(tookMs).toBeLessThan(5_000);
    expect(agent.probes.armed).toBe(0);
  }, 60_000);
});
