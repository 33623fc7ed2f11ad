import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShownKey } from '../../src/orders.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { sidelight } from './sidelight.ts';

describe.skipIf(!hasPostgres)('a command that names a database', () => {
  let home: string;
  let world: World;
  let embedded: TestBridge;
  let onServer: TestBridge;
  const url = () => world.url ?? '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'sidelight-two-stores-'));
    world = await postgresWorld();
    embedded = await startBridge({ data: join(home, 'embedded') });
    onServer = await startBridge({ data: join(home, 'server'), 'database-url': url() });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([embedded?.close(), onServer?.close()]);
    await world.close();
    await rm(home, { recursive: true, force: true });
  });

  /** As on a machine whose default data directory another bridge holds. */
  const beside = (...args: string[]) =>
    sidelight(
      ...args,
      '--data',
      join(home, 'embedded'),
      '--database-url',
      url(),
      '--secret-file',
      join(home, 'server', 'secret'),
    );
  const isPaused = ({ bridge }: TestBridge) => bridge.services.actions.pauses.isOn('default');

  it('turns the kill switch of that database, not of the bridge that runs on the data directory', async () => {
    const { code, stdout } = await beside('agents', 'pause');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('All agents are paused since') });
    await until('the bridge on the database is paused', () => isPaused(onServer) || undefined);
    expect(isPaused(embedded)).toBe(false);
    await beside('agents', 'resume');
    await until('it is resumed', () => !isPaused(onServer) || undefined);
  }, 60_000);

  it('lists and revokes the keys of that database', async () => {
    const { id } = await onServer.issue({ name: 'on the server' });
    const other = await embedded.issue({ name: 'embedded' });
    const listed = JSON.parse((await beside('keys', 'list', '--json')).stdout) as ShownKey[];
    expect(listed.map((key) => key.id)).toContain(id);
    expect(listed.map((key) => key.id)).not.toContain(other.id);
    expect(await beside('keys', 'revoke', id)).toMatchObject({ code: 0 });
    expect(await onServer.keys.find(id)).toMatchObject({ revokedAt: expect.any(Number) });
    expect(await beside('keys', 'revoke', other.id)).toMatchObject({ code: 1, stderr: expect.stringContaining('not_found') });
  }, 60_000);

  it('checks the trail of that database', async () => {
    const { chains } = JSON.parse((await beside('audit', 'verify', '--json')).stdout) as { chains: { node: string }[] };
    expect(chains.map(({ node }) => node)).toContain((await readFile(join(home, 'server', 'node'), 'utf8')).trim());
  }, 60_000);

  it('does not have a bridge on another store read its policies', async () => {
    const { code, stderr } = await beside('policy', 'reload');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('No bridge runs on') });
  }, 60_000);

  it.each(['127.0.0.1', 'localhost'])(
    'asks the bridge that runs on that database, named by %s',
    async (host) => {
      const spelt = Object.assign(new URL(url()), { hostname: host }).href;
      // Only the running bridge needs no secret file to answer.
      const at = ['--data', join(home, 'server'), '--database-url', spelt, '--secret-file', join(home, 'none')];
      expect(await sidelight('agents', 'pause', ...at)).toMatchObject({ code: 0 });
      expect(isPaused(onServer)).toBe(true);
      expect(await sidelight('agents', 'resume', ...at)).toMatchObject({ code: 0 });
      expect(await sidelight('policy', 'status', ...at)).toMatchObject({ code: 0 });
    },
    60_000,
  );
});
