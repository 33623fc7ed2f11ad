import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announce } from '../../src/cli/announce.ts';
import { startBridge } from '../helpers/bridge.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';

describe('what a bridge tells at its start', () => {
  let home: string;
  let world: World | undefined;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'sidelight-announce-'));
    world = hasPostgres ? await postgresWorld() : undefined;
  });
  afterAll(async () => {
    await world?.close();
    await rm(home, { recursive: true, force: true });
  });

  it.each(['data directory', ...(hasPostgres ? ['database'] : [])])(
    'names the %s whose keys were told once',
    async (store) => {
      const settings = { data: join(home, store), ...(store === 'database' ? { 'database-url': world?.url ?? '' } : {}) };
      const told: string[] = [];
      for (const _ of ['first', 'again']) {
        const bridge = await startBridge(settings);
        told.push(announce(bridge));
        await bridge.close();
      }
      expect(told[0]).toContain('Keys, shown only now:');
      expect(told[1]).toContain(`Keys were printed on the first start with this ${store};`);
    },
    60_000,
  );
});
