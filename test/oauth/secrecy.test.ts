import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hasPostgres, postgresWorld } from '../storage/engines.ts';
import { createBrowser } from './sign-in/browser.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

let world: OAuthWorld;
afterEach(async () => {
  vi.restoreAllMocks();
  await world?.close();
});

describe.runIf(hasPostgres)('a dump of the database', () => {
  it('holds no token, code, cookie or secret that could be used', async () => {
    const database = await postgresWorld();
    world = await oauthWorld({ settings: { 'database-url': database.url ?? '' } });
    const { client } = world;
    const { body } = await client.register({ token_endpoint_auth_method: 'client_secret_post' });
    const [clientId, secret] = [String(body.client_id), String(body.client_secret)];
    const browser = createBrowser();
    const redeemable = await client.code(clientId, {}, browser);
    const unused = await client.code(clientId, {}, browser);
    const tokens = await client.redeem(redeemable, { client_secret: secret });
    expect(tokens.status).toBe(200);
    await browser.request(client.authorizeUrl(clientId).url.href);

    const pool = new pg.Client({ connectionString: database.url });
    await pool.connect();
    const { rows: tables } = await pool.query("select tablename from pg_tables where schemaname = 'public'");
    const dump = [];
    for (const { tablename } of tables) dump.push(JSON.stringify((await pool.query(`select * from ${tablename}`)).rows));
    await pool.end();
    const text = dump.join('\n');
    expect(text).toContain(clientId);
    expect(text).toContain('runtime:capture');

    const cookies = [...browser.cookies.values()].map(({ value }) => value);
    expect(cookies.length).toBeGreaterThan(4);
    const verifiers = [redeemable.verifier, unused.verifier];
    for (const held of [
      secret,
      tokens.access_token,
      tokens.refresh_token,
      redeemable.code,
      unused.code,
      ...verifiers,
      ...cookies,
    ]) {
      expect(text).not.toContain(held);
      expect(text).not.toContain(held.slice(4, 30));
    }
    await world.close();
    await database.close();
  });
});

describe('the bridge', () => {
  it('gives no token out that the audit trail could not take, and no consent', async () => {
    world = await oauthWorld();
    const clientId = String((await world.client.register()).body.client_id);
    const redeemable = await world.client.code(clientId);
    const { audit } = world.bridge.bridge;
    vi.spyOn(audit, 'append').mockRejectedValue(new Error('the disk is full'));
    const answer = await world.client.redeem(redeemable);
    expect(answer.status).toBe(500);
    expect(answer).not.toHaveProperty('access_token');
    await expect(world.client.code(clientId)).rejects.toThrow('500');
  });

  it('answers 503 while its storage is away, not with an error of OAuth', async () => {
    world = await oauthWorld();
    const { oauth } = world.bridge.bridge;
    expect(oauth).toBeDefined();
    const clientId = String((await world.client.register()).body.client_id);
    const { accounts } = world.people;
    const { Refusal } = await import('../../src/lib/refusal.ts');
    const redeemable = await world.client.code(clientId);
    const { current } = accounts;
    accounts.current = async () => {
      throw new Refusal({ code: 'unavailable', message: 'The database is away.' });
    };
    expect((await world.client.redeem(redeemable)).status).toBe(503);
    accounts.current = current;
  });
});
