import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
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
  }, 30_000);
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

  it('keeps a second one off its database and its data directory', async () => {
    await expect(startBridge(settings('another'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await expect(startBridge(settings('not made yet'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not made yet'),
    });
    expect(await status()).toBe(200);
  }, 20_000);

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
  }, 30_000);

  it('lets nobody in while another may have its database, and everybody when it has it again', async () => {
    const admin = new pg.Client({ connectionString: world.url });
    await admin.connect();
    const other = new pg.Client({ connectionString: world.url });
    await other.connect();
    const taking = other.query('select pg_advisory_lock(7433002::int8)');
    await until('it waits', async () => {
      const { rowCount } = await admin.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
      return rowCount === 1 || undefined;
    });
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'sidelight bridge%'",
    );
    await taking;
    await until('it is not ready', async () => (await status()) === 503 || undefined);
    const call = () =>
      fetch(bridge.mcpUrl, { method: 'POST', headers: { Authorization: `Bearer ${bridge.fullKey}` }, body: '{}' });
    const refused = await call();
    expect(refused.status).toBe(503);
    expect(await refused.text()).toContain('lost its hold of the database');
    await other.end();
    await until('it is ready again', async () => (await status()) === 200 || undefined);
    expect((await call()).status).not.toBe(503);
    await admin.end();
  }, 40_000);
});
