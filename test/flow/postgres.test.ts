import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { openExisting } from '../../src/storage/open.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, silent, type World } from '../storage/engines.ts';
import { connectCaller, onCheckout, startAgent } from './world.ts';

describe.skipIf(!hasPostgres)('a bridge on PostgreSQL', () => {
  let world: World;
  let parent: string;
  let bridge: TestBridge;
  const settings = (name: string) => ({ data: join(parent, name), 'database-url': world.url ?? '' });
  beforeAll(async () => {
    world = await postgresWorld();
    parent = await mkdtemp(join(tmpdir(), 'sidelight-postgres-'));
    bridge = await startBridge(settings('not made yet'));
  });
  afterAll(async () => {
    await bridge?.close();
    await world.close();
    await rm(parent, { recursive: true, force: true });
  });

  const status = async () => (await fetch(new URL('/readyz', bridge.url))).status;

  it('starts with a data directory that is not there, and places a snapshot', async () => {
    const agent = await startAgent(bridge);
    const caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
    const asked = caller.call('take_snapshot', { ...onCheckout, waitSeconds: 20 });
    await until('it is armed', () => agent.probes.armed === 1 || undefined);
    agent.pass();
    expect((await asked).structured).toMatchObject({ status: 'completed', hitCount: 1 });
    await Promise.all([caller.close(), agent.stop()]);
  });

  it('keeps a second one off its data directory', async () => {
    await expect(startBridge(settings('not made yet'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not made yet'),
    });
    expect(await status()).toBe(200);
  });

  it('sees within seconds that agents were paused from another machine', async () => {
    const agent = await startAgent(bridge);
    const caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
    await caller.call('take_snapshot', { ...onCheckout, condition: 'price < 0', waitSeconds: 0 });
    expect(agent.probes.armed).toBe(1);
    const elsewhere = await openExisting(
      {
        databaseUrl: world.url,
        dataDirectory: join(parent, 'elsewhere'),
        unsafeNoFsync: false,
        secretFile: join(bridge.directory, 'secret'),
      },
      { clock: systemClock, log: silent },
    );
    await elsewhere.stores.pauses.pause('default', Date.now());
    await until('it is off', () => agent.probes.armed === 0 || undefined);
    await elsewhere.stores.pauses.resume('default');
    await until('it is on', () => agent.probes.armed === 1 || undefined);
    await Promise.all([elsewhere.close(), caller.close(), agent.stop()]);
  });
});
