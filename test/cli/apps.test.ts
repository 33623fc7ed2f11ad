import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowed } from '../api/apps-world.ts';
import { type HandClient, handClient, redirectUri } from '../oauth/flow.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

/** Every storage the command can find apps in. */
const storages = ['embedded', ...(hasPostgres ? ['postgres'] : [])];

describe.each(storages)('sidelight apps over %s', (engine) => {
  let data: string;
  let database: World | undefined;
  let running: Serving | undefined;
  let client: HandClient;
  const options = () => ['--data', data, ...(database?.url === undefined ? [] : ['--database-url', database.url])];
  const apps = (...args: string[]) => sidelight('apps', ...args, ...options());

  async function start() {
    // The same port again, because tokens are for the address that clients know.
    const port = running === undefined ? '0' : new URL(running.first.mcpUrl).port;
    running = await serving('serve', ...options(), '--port', port);
    client = handClient(new URL(running.first.mcpUrl).origin);
  }
  /** Somebody connects a client of this name. */
  async function connect(name: string, clientName: string) {
    const { body } = await client.register({ client_name: clientName });
    const clientId = String(body.client_id);
    const tokens = await client.redeem(await allowed(data, client, clientId, { name, scope: 'runtime:read runtime:capture' }));
    return { ...tokens, clientId };
  }
  const listed = async (...args: string[]) =>
    (JSON.parse((await apps('list', '--json', ...args)).stdout) as { apps: { id: string; clientName: string }[] }).apps;
  const idOf = async (clientName: string) => (await listed()).find((app) => app.clientName === clientName)?.id ?? '';
  async function revocations() {
    const { stdout } = await sidelight('audit', 'search', '--json', '--event', 'grant_revoked', ...options());
    return JSON.parse(stdout) as Record<string, unknown>[];
  }

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'sidelight-apps-'));
    database = engine === 'postgres' ? await postgresWorld() : undefined;
    await start();
  }, 60_000);
  afterAll(async () => {
    await running?.stop();
    await database?.close();
    await rm(data, { recursive: true, force: true });
  });

  it('lists nothing before anybody connected something', async () => {
    expect(await apps('list')).toMatchObject({ code: 0, stdout: 'No apps are connected.\n' });
  });

  it('lists in one line what a client is, whose, since when, for how long and where it redirects', async () => {
    const { access_token: token } = await connect('dana', 'An IDE');
    const words = (used: string) =>
      [
        'grant_\\w+',
        ...['An IDE', 'registered itself', 'user:dana', 'runtime:read runtime:capture', 'connected \\S+Z', used, 'until \\S+Z'],
        `redirects to ${redirectUri.replaceAll('.', '\\.')}`,
      ].join(' {2}');
    expect((await apps('list')).stdout).toMatch(new RegExp(`^${words('never used')}\n$`));
    await client.call(token);
    expect((await apps('list', '--person', 'dana')).stdout).toMatch(new RegExp(`^${words('used \\S+Z')}\n$`));
    expect((await apps('list', '--person', 'user:dana')).stdout).toContain('An IDE');
    expect((await apps('list', '--person', 'bert')).stdout).toBe('No apps are connected.\n');
    expect((await apps('list', '--org', 'globex')).stdout).toBe('No apps are connected.\n');
  });

  it('revokes through the running bridge: the next request is refused, and the audit trail has the operator', async () => {
    const { access_token: token } = await connect('dana', 'Lost laptop');
    expect((await client.call(token)).status).toBe(200);
    const id = await idOf('Lost laptop');
    expect(await apps('revoke', id, '--org', 'globex')).toMatchObject({ code: 1, stderr: expect.stringContaining('not_found') });
    expect((await client.call(token)).status).toBe(200);
    const says = `App ${id} is disconnected; its next request is refused.\n`;
    expect(await apps('revoke', id)).toMatchObject({ code: 0, stdout: says });
    expect((await client.call(token)).status).toBe(401);
    expect(await idOf('Lost laptop')).toBe('');
    expect((await apps('revoke', id)).stderr).toContain(`There is no connected app "${id}". (not_found)`);
    expect(await revocations()).toMatchObject([
      { subject: 'operator', auth: 'console', decision: 'allowed', grant: id, before: { person: 'user:dana' } },
    ]);
  });

  it.each<[args: string[], says: string]>([
    [[], 'Say sidelight apps list or revoke.'],
    [['end', 'grant_x'], 'Say sidelight apps list or revoke.'],
    [['revoke'], 'Give the id of the app to revoke.'],
    [['list', 'dana'], 'Nothing is known about "dana".'],
    [['revoke', 'grant_x', '--person', 'dana'], '--person is for list'],
  ])('says what is wrong with %j', async (args, says) => {
    const { code, stderr, stdout } = await apps(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
  });

  it('works while no bridge runs, and what it revoked stays so when one does', async () => {
    const [gone, kept] = [await connect('gina', 'Gone'), await connect('gina', 'Kept')];
    await running?.stop();
    const id = await idOf('Gone');
    expect(await apps('revoke', id)).toMatchObject({ code: 0 });
    expect((await listed()).map(({ clientName }) => clientName)).toEqual(['Kept', 'An IDE']);
    expect((await revocations()).map(({ grant }) => grant)).toContain(id);
    await start();
    const refresh = ({ refresh_token: token, clientId }: typeof gone) => client.refresh(token, clientId);
    expect(await refresh(gone)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await refresh(kept)).toMatchObject({ status: 200 });
  }, 60_000);

  it('has nothing left of a person who was disabled while no bridge ran, also once they are enabled again', async () => {
    const { refresh_token: token, clientId } = await connect('fred', 'Of Fred');
    await running?.stop();
    for (const verb of ['disable', 'enable'])
      expect(await sidelight('people', verb, 'fred', ...options())).toMatchObject({ code: 0 });
    expect(await idOf('Of Fred')).toBe('');
    await start();
    expect(await client.refresh(token, clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
  }, 60_000);
});
