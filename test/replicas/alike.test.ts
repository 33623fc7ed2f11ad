import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { hasRedis, redis } from '../storage/redis.ts';

interface Line {
  msg: string;
  replicas?: { id: string }[];
}

describe.skipIf(!hasPostgres || !hasRedis)('bridges of one database that were not given the same', () => {
  let world: World;
  let parent: string;
  let stopRedis: () => Promise<void>;
  let busUrl: string;
  const bridges: TestBridge[] = [];
  beforeAll(async () => {
    world = await postgresWorld();
    const bus = await redis();
    stopRedis = await bus.start();
    busUrl = bus.url;
    parent = await mkdtemp(join(tmpdir(), 'sidelight-alike-'));
    await writeFile(join(parent, 'secret'), `${'k'.repeat(43)}\n`, { mode: 0o600 });
  }, 60_000);
  afterAll(async () => {
    for (const bridge of bridges) await bridge.close();
    await stopRedis?.();
    await world?.close();
    await rm(parent, { recursive: true, force: true });
  }, 60_000);

  /** Starts one and answers the warnings in its log, as they come. */
  async function begin(settings: Record<string, string>): Promise<string[]> {
    const warned: string[] = [];
    const write = (text: string) => {
      const { msg, replicas } = JSON.parse(text) as Line;
      if (replicas !== undefined) warned.push(msg);
    };
    const shared = { 'database-url': world.url ?? '', 'secret-file': join(parent, 'secret') };
    bridges.push(await startBridge({ ...shared, ...settings }, systemClock, { log: createLog('warn', { write }) }));
    return warned;
  }

  it('say so on both sides, and what differs', async () => {
    const url = { 'public-url': 'http://one.example' };
    const one = await begin({ ...url, 'bus-url': busUrl });
    const same = await begin({ ...url, 'bus-url': busUrl });
    expect([one, same]).toEqual([[], []]);
    const other = await begin({ 'public-url': 'http://two.example' });
    for (const [name, warned] of Object.entries({ other, one, same })) {
      await until(`${name} warns`, () => warned.length >= 2 || undefined);
      expect(warned, name).toEqual([expect.stringContaining('--bus-url'), expect.stringContaining('--public-url')]);
    }
  }, 90_000);
});
