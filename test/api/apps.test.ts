import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { onCheckout, startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { redirectUri } from '../oauth/flow.ts';
import { storages } from '../oauth/world.ts';
import { type AppsWorld, appsWorld, type Connected, documentClient, knownClient } from './apps-world.ts';

describe.each(storages)('connected apps over the API and $engine', ({ engine }) => {
  let world: AppsWorld;
  let send: AppsWorld['send'];
  let agent: SimulatedAgent;
  /** Of a company admin who consented to administer. */
  let admin: Connected;
  beforeAll(async () => {
    world = await appsWorld(engine);
    ({ send } = world);
    agent = await startAgent(world.bridge);
    admin = await world.connect({ name: 'carla', role: 'company_admin', scope: 'runtime:read runtime:admin' });
  }, 60_000);
  afterAll(async () => {
    await agent?.stop();
    await world?.close();
  });

  const idsSeenBy = async (as: string, query = '') =>
    (await send(as, 'GET', `/apps${query}`)).body.apps.map(({ id }: { id: string }) => id);
  const records = (limit: number) => world.bridge.bridge.audit.recent('default', limit);

  it('are told to the person who connected them, with any scope', async () => {
    const app = await world.connect({ name: 'anna', scope: 'runtime:capture' });
    const { status, headers, body } = await send(app.access_token, 'GET', '/apps');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(body).toEqual({
      apps: [
        {
          ...{ id: app.id, person: 'user:anna', clientId: app.clientId, clientName: 'By hand', known: 'self_registered' },
          ...{ redirectUri, scopes: ['runtime:capture'], connectedAt: instant, lastUsedAt: instant, expiresAt: instant },
        },
      ],
      requestId: expect.any(String),
    });
    const livesMs = Date.parse(body.apps[0].expiresAt) - Date.parse(body.apps[0].connectedAt);
    expect(Math.round(livesMs / 86_400_000)).toBe(90);
  });

  it('are told all to a company admin who consented to administer, or those of one person', async () => {
    const [bert, gina] = [await world.connect({ name: 'bert' }), await world.connect({ name: 'gina', role: 'group_admin' })];
    expect(await idsSeenBy(admin.access_token)).toEqual(expect.arrayContaining([bert.id, gina.id, admin.id]));
    expect(await idsSeenBy(admin.access_token, '?person=bert')).toEqual([bert.id]);
    expect(await idsSeenBy(admin.access_token, '?person=user:gina')).toEqual([gina.id]);
    expect(await idsSeenBy(admin.access_token, '?person=nobody')).toEqual([]);
    const key = await world.key({ role: 'company_admin', scopes: ['runtime:admin'] });
    expect(await idsSeenBy(key)).toEqual(await idsSeenBy(admin.access_token));
    expect(await idsSeenBy(gina.access_token)).toEqual([gina.id]);
  });

  it('are told to a company admin only as their own while the scope is missing, and the challenge says what would do', async () => {
    const reading = await world.connect({ name: 'cora', role: 'company_admin' });
    expect(await idsSeenBy(reading.access_token)).toEqual([reading.id]);
    const { status, headers, body } = await send(reading.access_token, 'GET', '/apps?person=carla');
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
    expect(headers.get('www-authenticate')).toContain('scope="runtime:read runtime:admin"');
    expect((await send(reading.access_token, 'DELETE', `/apps/${admin.id}`)).status).toBe(404);
  });

  it('of others are neither told nor found: for a developer, a group admin, another organisation and a person’s key', async () => {
    const theirs = await world.connect({ name: 'theo' });
    const dora = await world.connect({ name: 'dora', scope: 'runtime:read runtime:admin' });
    const gero = await world.connect({ name: 'gero', role: 'group_admin', scope: 'runtime:admin' });
    const rights = { role: 'company_admin', scopes: ['runtime:admin'] } as const;
    const foreign = await world.key({ ...rights, scopes: [...rights.scopes], org: 'globex' });
    const ofDora = await world.key({ scopes: ['runtime:admin'], owner: 'user:dora' });
    for (const as of [dora.access_token, gero.access_token, foreign, ofDora]) {
      expect(await send(as, 'DELETE', `/apps/${theirs.id}`)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(await idsSeenBy(as)).not.toContain(theirs.id);
    }
    for (const as of [dora.access_token, gero.access_token, ofDora]) {
      expect(await send(as, 'GET', '/apps?person=theo')).toMatchObject({ status: 403, body: { code: 'org_access_denied' } });
    }
    expect(await idsSeenBy(ofDora)).toEqual([dora.id]);
    expect(await idsSeenBy(foreign, '?person=theo')).toEqual([]);
    expect((await send(theirs.access_token, 'GET', '/me')).status).toBe(200);
    const [refused] = await records(1);
    const who = { subject: expect.stringContaining('key:'), auth: 'api_key', org: 'default' };
    expect(refused).toMatchObject({ event: 'grant_revoked', decision: 'refused', reason: 'not_found', grant: theirs.id, ...who });
  });

  it('are nothing to API keys that were not made to administer', async () => {
    for (const role of ['developer', 'company_admin'] as const) {
      const key = await world.key({ role, scopes: ['runtime:read', 'runtime:capture'] });
      for (const [method, path] of [
        ['GET', '/apps'],
        ['DELETE', `/apps/${admin.id}`],
      ] as const) {
        expect(await send(key, method, path)).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
      }
    }
    expect((await send('', 'GET', '/apps')).status).toBe(401);
    expect((await send(admin.access_token, 'GET', '/me')).status).toBe(200);
  });

  it('end by their own token, which is refused with its next request, and so is its refresh token', async () => {
    const app = await world.connect({ name: 'olga' });
    const other = await world.connect({ name: 'olga' });
    expect(await idsSeenBy(app.access_token)).toEqual([other.id, app.id]);
    const ended = await send(app.access_token, 'DELETE', `/apps/${app.id}`);
    expect(ended).toMatchObject({ status: 200, body: { app: { id: app.id, person: 'user:olga' } } });
    expect(await send(app.access_token, 'GET', '/apps')).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(await world.client.refresh(app.refresh_token, app.clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await idsSeenBy(other.access_token)).toEqual([other.id]);
    expect(await send(other.access_token, 'DELETE', `/apps/${app.id}`)).toMatchObject({ status: 404 });
    const revoked = (await records(20)).find(({ event, decision }) => event === 'grant_revoked' && decision === 'allowed');
    expect(revoked).toMatchObject({
      ...{ subject: 'user:olga', role: 'developer', auth: 'person', grant: app.id, clientId: app.clientId },
      ...{ requestId: ended.body.requestId, address: '127.0.0.1', client: 'terraform/1.9' },
      before: { person: 'user:olga', clientName: 'By hand', known: 'self_registered', redirectUri, scopes: ['runtime:read'] },
    });
  });

  it('end by an admin: a wait under way too, and the audit trail has who did it to whom', async () => {
    const app = await world.connect({ name: 'wanda', scope: 'runtime:read runtime:capture' });
    const wait = { ...onCheckout, condition: 'price < 0', waitSeconds: 50, timeoutSeconds: 100 };
    const started = performance.now();
    const waiting = world.client.call(app.access_token, 'take_snapshot', wait);
    await until('the snapshot is placed', async () => {
      const live = await world.bridge.bridge.services.actions.store.live('default', Date.now());
      return live.some(({ condition }) => condition === wait.condition) || undefined;
    });
    expect((await send(admin.access_token, 'DELETE', `/apps/${app.id}`)).status).toBe(200);
    expect(JSON.stringify((await waiting).body)).toContain('invalid_token');
    expect(performance.now() - started).toBeLessThan(20_000);
    expect((await world.client.call(app.access_token)).status).toBe(401);
    const revoked = (await records(20)).find(({ event }) => event === 'grant_revoked');
    expect(revoked).toMatchObject({
      ...{ subject: 'user:carla', role: 'company_admin', auth: 'person', credential: admin.id, decision: 'allowed' },
      ...{ grant: app.id, before: { person: 'user:wanda' } },
    });
  });

  it('say how their client is known: by the operator, by its own document, or by nothing but its word', async () => {
    await world.connect({ name: 'kim' });
    await world.connect({ name: 'kim', clientId: documentClient });
    const { access_token } = await world.connect({ name: 'kim', clientId: knownClient });
    expect((await send(access_token, 'GET', '/apps')).body.apps).toMatchObject([
      { clientId: knownClient, clientName: 'Night Watch', known: 'operator' },
      { clientId: documentClient, clientName: 'Documented', known: 'document' },
      { clientName: 'By hand', known: 'self_registered' },
    ]);
  });

  it('are apps once they have a token, not before', async () => {
    const redeemable = await world.consent({ name: 'nora' });
    expect(await idsSeenBy(admin.access_token, '?person=nora')).toEqual([]);
    const { access_token } = await world.client.redeem(redeemable);
    const [id] = await idsSeenBy(access_token);
    expect(await idsSeenBy(admin.access_token, '?person=nora')).toEqual([id]);
  });

  it.each([
    ['GET', '/apps?owner=anna', 'owner'],
    ['GET', '/apps?person=', 'person'],
    ['GET', '/apps?person=anna&person=bert', 'person'],
    ['DELETE', '/apps/grant_x?person=anna', 'person'],
  ])('are not asked for by %s %s', async (method, path, field) => {
    expect(await send(admin.access_token, method, path)).toMatchObject({ status: 400, body: { code: 'invalid_input', field } });
  });
});
