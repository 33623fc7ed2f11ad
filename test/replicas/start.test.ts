import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sidelight } from '../cli/sidelight.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { aliveIn, type Fleet, startFleet } from './fleet.ts';

describe.skipIf(!hasPostgres)('bridges on an empty database', () => {
  let world: World;
  let fleet: Fleet;
  beforeAll(async () => {
    world = await postgresWorld();
    await world.db.query('drop schema public cascade');
    await world.db.query('create schema public');
    fleet = await startFleet({ url: world.url ?? '', replicas: 3 });
  }, 120_000);
  afterAll(async () => {
    await fleet?.close();
    await world?.close();
  }, 60_000);

  it('that start at the same moment make the schema and the first keys once, and are all ready', async () => {
    expect(await world.db.query('select kind, name from api_keys order by name')).toHaveLength(3);
    const versions = await world.db.query<{ version: number }>('select version from schema_version order by version');
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, index) => index + 1));
    expect(await aliveIn(world.db)).toHaveLength(3);
    for (const { port } of fleet.members) expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  it('that cannot listen end, and do not stay among the others', async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const { port } = taken.address() as { port: number };
    const parent = await mkdtemp(join(tmpdir(), 'sidelight-taken-'));
    const secret = join(parent, 'secret');
    await writeFile(secret, `${'k'.repeat(43)}\n`, { mode: 0o600 });
    const before = await aliveIn(world.db);
    const args = ['--data', join(parent, 'data'), '--database-url', world.url ?? '', '--secret-file', secret];
    const { code, stderr } = await sidelight('serve', '--port', String(port), ...args);
    taken.close();
    await rm(parent, { recursive: true, force: true });
    expect(stderr).toContain('in use');
    expect(code).toBe(1);
    expect(await aliveIn(world.db)).toEqual(before);
  }, 90_000);
});
