import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAuthenticator } from '../../src/identity/authenticate.ts';
import { makeKey } from '../../src/identity/key-form.ts';
import { tokenPattern } from '../../src/identity/token-form.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { HandClient } from './flow.ts';
import { found } from './threats-wire.ts';
import { type Aftermath, live } from './threats-world.ts';
import { storages } from './world.ts';

describe.each(storages)('what is left of sign-ins with keys, an agent and actions, over $engine', ({ engine }) => {
  let after: Aftermath;
  let dump: string;
  beforeAll(async () => {
    after = await live(engine);
    dump = after.rows.map(({ table, row }) => `${table} ${JSON.stringify(row)}`).join('\n');
  }, 60_000);
  afterAll(async () => {
    vi.restoreAllMocks();
    await after?.close();
  });

  it('was everything there is to search for', () => {
    const names = new Set(after.wire.secrets.values());
    for (const name of ['access_token', 'refresh_token', 'code', 'code_verifier', 'client_secret', 'id_token', 'state', 'nonce'])
      expect(names, name).toContain(name);
    for (const name of ['readKey', 'enrolKey', 'issued', 'csrf']) expect(names, name).toContain(name);
    expect([...names].filter((name) => name.startsWith('cookie ')).length).toBeGreaterThan(4);
    expect(after.wire.secrets.size).toBeGreaterThan(30);
    expect([...after.wire.secrets.keys()].filter((secret) => tokenPattern.test(secret)).length).toBeGreaterThan(5);
    for (const table of ['oauth_records', 'api_keys', 'people', 'audit', 'hits', 'actions', 'agents'])
      expect(
        after.rows.some((each) => each.table === `public.${table}`),
        table,
      ).toBe(true);
    expect(after.statements).toContain('insert into oauth_records');
    for (const told of ['agent connected', 'an OAuth request was refused']) expect(after.log).toContain(told);
  });

  it('is no secret in any row of any table, nor the master secret beside it', () => {
    expect(found(dump, after.wire.secrets)).toEqual([]);
    expect(found(dump, new Map([[after.master, 'master']]))).toEqual([]);
  });

  it('is no secret in the bytes of the data directory, the database’s own log among them', () => {
    expect(found(after.files, after.wire.secrets)).toEqual([]);
    expect(after.files.length).toBeGreaterThan(1_000);
  });

  it('is no secret in a log of all statements with their parameters', () => {
    expect(found(after.statements, after.wire.secrets)).toEqual([]);
  });

  it('is no secret in the bridge’s log at level trace', () => {
    expect(found(after.log, after.wire.secrets)).toEqual([]);
    expect(after.log).not.toMatch(/sl[akrce]_[0-9A-Za-z]{8,}/);
  });

  it('went to the company without any token, code or key of ours', () => {
    const { company, wire } = after;
    const out = wire.sent.filter(({ url }) => url.origin === company.issuer);
    expect(out.length).toBeGreaterThan(5);
    for (const { url, text } of out) expect(`${url} ${text}`).not.toMatch(/sl[akrce]_[0-9A-Za-z]{8,}/);
  });

  describe('in the hands of somebody who read the database', () => {
    let client: HandClient;
    let origin: string;
    let bridge: Awaited<ReturnType<Aftermath['again']>>['bridge'];
    beforeAll(async () => {
      ({ bridge, client } = await after.again());
      origin = bridge.url.origin;
    });

    /** Every text of a row, those within JSON among them. */
    const strings = (value: unknown): string[] => {
      if (typeof value !== 'string') return Object.values(Object(value)).flatMap(strings);
      return value.startsWith('{"') ? [value, ...strings(JSON.parse(value))] : [value];
    };
    const words = () =>
      [...new Set(after.rows.flatMap(({ row }) => strings(row)))].filter((word) => /^[\w+/=.-]{16,}$/.test(word));

    it('opens nothing: no word of it is a token or a key, however it is dressed up', async () => {
      const all = words();
      const agents = createAuthenticator({ keys: bridge.keys, clock: systemClock });
      expect(all.filter((word) => /^[0-9a-f]{64}$/.test(word)).length).toBeGreaterThan(10);
      const keys = after.rows
        .filter(({ table }) => table === 'public.api_keys')
        .map(({ row }) => row as { id: string; hash: string });
      expect(keys.length).toBeGreaterThan(3);
      const dressed = all.flatMap((word) => [word, ...['sla', 'slk', 'sle'].map((prefix) => `${prefix}_${word}`)]);
      const forged = keys.flatMap(({ id, hash }) => [`slk_${id}_${hash}`, `slk_${id}_${hash.slice(0, 39)}`]);
      for (const bearer of [...dressed, ...forged, makeKey('api').secret]) {
        await expect(bridge.bridge.authenticate(bearer, undefined), bearer).rejects.toMatchObject({
          details: { code: 'invalid_token' },
        });
        await expect(agents.authenticateAgent(bearer), bearer).rejects.toMatchObject({ details: { code: 'invalid_token' } });
      }
    });

    it('opens nothing at the token endpoint: neither a hash as the token, nor a hash as the client’s secret', async () => {
      const records = after.rows.filter(({ table }) => table === 'public.oauth_records').map(({ row }) => row);
      const hashes = (model: string) => records.filter((row) => row.model === model).map((row) => String(row.id_hash));
      const [registered] = records.filter((row) => row.model === 'Client');
      const { client_secret: kept } = JSON.parse(String(registered?.payload)) as { client_secret: string };
      expect(kept).toMatch(/^[0-9a-f]{64}$/);
      const { clientId } = after;
      expect(await client.refresh('slr_x', clientId, { client_secret: kept })).toMatchObject({
        status: 401,
        error: 'invalid_client',
      });
      const secret = [...after.wire.secrets].find(([, name]) => name === 'client_secret')?.[0] ?? '';
      expect(await client.refresh('slr_x', clientId, { client_secret: secret })).toMatchObject({ error: 'invalid_grant' });
      for (const hash of hashes('RefreshToken'))
        expect(await client.refresh(hash, clientId, { client_secret: secret })).toMatchObject({ error: 'invalid_grant' });
      expect(hashes('AuthorizationCode').length).toBeGreaterThan(0);
      for (const code of hashes('AuthorizationCode'))
        expect(await client.redeem({ code, verifier: 'x'.repeat(43), clientId }, { client_secret: secret })).toMatchObject({
          error: 'invalid_grant',
        });
    });

    it('goes on with nobody’s sign-in: its names are no cookies', async () => {
      const uids = new Set(
        after.rows.flatMap(({ row }) => (row.model === 'Interaction' || row.model === 'SignIn' ? strings(row) : [])),
      );
      expect(uids.size).toBeGreaterThan(3);
      for (const uid of [...uids].filter((word) => /^[\w-]{16,}$/.test(word))) {
        const cookie = ['sidelight_interaction', 'sidelight_session', 'sidelight_resume']
          .map((name) => `${name}=${uid}`)
          .join('; ');
        const page = await fetch(`${origin}/oauth/interaction/${uid}`, { headers: { cookie }, redirect: 'manual' });
        expect(page.status).toBe(404);
        const callback = await fetch(`${origin}/oauth/callback?code=x&state=${uid}`, { headers: { cookie }, redirect: 'manual' });
        expect(callback.status).toBe(400);
      }
    });
  });
});
