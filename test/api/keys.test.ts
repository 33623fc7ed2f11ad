import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keep } from '../identity/people.ts';
import { engines } from '../storage/engines.ts';
import { type KeysWorld, keysWorld } from './keys-world.ts';

const dayMs = 86_400_000;
const mine = { name: 'laptop', scopes: ['runtime:read'], groups: ['everyone'] };
const ofService = { ...mine, name: 'nightly', owner: 'service:ci' };

describe.each(engines)('the routes of keys over $engine', ({ open }) => {
  let world: KeysWorld;
  let send: KeysWorld['send'];
  beforeAll(async () => {
    world = await keysWorld(await open());
    ({ send } = world);
  });
  afterAll(() => world?.close());
  const create = (as: string, body: object) => send(as, 'POST', '/keys', body);
  /** The newest records about keys, newest first. */
  const records = (limit: number) => world.stores.audit.recent('acme', limit);

  it('make a key whose secret is told once, is kept by nobody on the way, and works', async () => {
    const { status, headers, body } = await create('anna', { ...mine, addresses: ['::ffff:127.0.0.0/104'], days: 7 });
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.secret).toMatch(/^slk_[0-9A-Za-z]{8}_[0-9A-Za-z]{39}$/);
    expect(body.key).toEqual({
      ...{
        id: body.secret.split('_')[1],
        kind: 'api',
        name: 'laptop',
        owner: 'user:anna',
        createdBy: 'user:anna',
        state: 'live',
      },
      ...{
        createdAt: new Date(world.clock.now()).toISOString(),
        expiresAt: new Date(world.clock.now() + 7 * dayMs).toISOString(),
      },
      ...{ daysLeft: 7, warning: expect.stringContaining('7 days'), addresses: ['127.0.0.0/8'] },
      ...{ role: 'developer', scopes: ['runtime:read'], permissions: ['dev_api'], groups: ['everyone'] },
    });
    const me = await send(body.secret, 'GET', '/me');
    expect(me).toMatchObject({ status: 200, body: { subject: `key:${body.key.id}`, owner: 'user:anna', kind: 'api_key' } });
    const listed = await send('anna', 'GET', '/keys');
    expect(listed.body.keys).toMatchObject([{ id: body.key.id, lastUsedFrom: '127.0.0.1' }]);
    expect(JSON.stringify(listed.body)).not.toMatch(/hash|slk_[0-9A-Za-z]{8}_/);
    expect(JSON.stringify(await records(20))).not.toMatch(/hash|slk_[0-9A-Za-z]{8}_/);
  });

  it('record each change with who, from where, and how the key was and is', async () => {
    const { body } = await create('carla', ofService);
    const rotated = await send('carla', 'POST', `/keys/${body.key.id}/rotate`, { overlapHours: 1 });
    await send('carla', 'DELETE', `/keys/${body.key.id}`);
    const by = { ...{ subject: 'user:carla', role: 'company_admin', auth: 'person', decision: 'allowed' }, address: '127.0.0.1' };
    const common = { ...by, client: 'terraform/1.9', target: { key: body.key.id } };
    expect(await records(3)).toMatchObject([
      { ...common, event: 'key_revoked', before: { id: body.key.id } },
      { ...common, event: 'key_rotated', before: { id: body.key.id }, after: { id: rotated.body.key.id, firstId: body.key.id } },
      { ...common, event: 'key_created', requestId: body.requestId, after: { owner: 'service:ci', scopes: ['runtime:read'] } },
    ]);
  });

  it('give a rotated key the same subject, and end the old one when its overlap is over', async () => {
    const { body: old } = await create('anna', mine);
    const { status, body: next } = await send('anna', 'POST', `/keys/${old.key.id}/rotate`, { overlapHours: 2 });
    expect(status).toBe(201);
    const subjects = await Promise.all([old, next].map(async ({ secret }) => (await send(secret, 'GET', '/me')).body.subject));
    expect(subjects).toEqual([`key:${old.key.id}`, `key:${old.key.id}`]);
    world.clock.advance(2 * 3_600_000);
    expect((await send(old.secret, 'GET', '/me')).status).toBe(401);
    expect((await send(next.secret, 'GET', '/me')).status).toBe(200);
    const again = await send('anna', 'POST', `/keys/${old.key.id}/rotate`, {});
    expect(again).toMatchObject({ status: 400, body: { code: 'invalid_input', field: 'id' } });
  });

  it('end a key with its next request, and tell what runs with it', async () => {
    const { body } = await create('anna', mine);
    const revoked = await send('anna', 'DELETE', `/keys/${body.key.id}`);
    expect(revoked).toMatchObject({ status: 200, body: { key: { id: body.key.id, state: 'revoked' } } });
    expect(world.ended).toContain(body.key.id);
    const refused = await send(body.secret, 'GET', '/me');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await send('anna', 'DELETE', `/keys/${body.key.id}`)).status).toBe(404);
  });

  it.each([
    { as: 'anna', asks: { ...mine, role: 'company_admin' }, code: 'org_access_denied', field: 'role' },
    { as: 'anna', asks: { ...mine, groups: ['payments'] }, code: 'org_access_denied', field: 'groups' },
    { as: 'anna', asks: ofService, code: 'org_access_denied', field: 'owner' },
    { as: 'anna', asks: { ...mine, owner: 'user:bert' }, code: 'org_access_denied', field: 'owner' },
    {
      as: 'gina',
      asks: { name: 'a', kind: 'enrolment', owner: 'service:a', pool: 'p', service: '*' },
      code: 'org_access_denied',
      field: 'owner',
    },
    { as: 'vera', asks: mine, code: 'org_access_denied', field: undefined },
    { as: 'bert', asks: mine, code: 'insufficient_scope', field: undefined },
  ])('refuse $as what is too much with 403 $code, and record that', async ({ as, asks, code, field }) => {
    const answer = await create(as, asks);
    expect(answer).toMatchObject({ status: 403, body: { code } });
    expect(answer.body.field).toBe(field);
    expect(await records(1)).toMatchObject([
      { event: 'key_created', decision: 'refused', reason: code, subject: `user:${as}`, requestId: answer.body.requestId },
    ]);
  });

  it('record no more refusals of a caller than get a record of their own', async () => {
    const [newest] = await records(1);
    world.trail.isFull = true;
    expect((await create('vera', mine)).status).toBe(403);
    world.trail.isFull = false;
    expect(await records(1)).toEqual([newest]);
  });

  it('ask a person for the scope that is missing by a challenge of RFC 6750', async () => {
    const { headers } = await send('bert', 'GET', '/keys');
    expect(headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(headers.get('www-authenticate')).toContain('scope="runtime:read runtime:admin"');
  });

  it.each([
    { what: 'what it does not know, such as a misspelt right', body: { ...mine, adresses: ['10.0.0.1'] }, field: 'adresses' },
    { what: 'an address that is none', body: { ...mine, addresses: ['10.0.0.300'] }, field: 'addresses' },
    { what: 'an empty list of addresses', body: { ...mine, addresses: [] }, field: 'addresses' },
    { what: 'no scopes at all', body: { name: 'x', groups: [] }, field: 'scopes' },
    { what: 'a life that is too long', body: { ...mine, days: 366 }, field: 'days' },
    { what: 'scopes nobody has', body: { ...mine, scopes: ['runtime:root'] }, field: 'scopes' },
    { what: 'an organisation', body: { ...mine, org: 'theirs' }, field: 'org' },
  ])('do not take $what', async ({ body, field }) => {
    expect(await create('anna', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', field, next: expect.any(String) },
    });
  });

  it('show each what is theirs, and answer not_found for the rest, of another organisation too', async () => {
    const { body: annas } = await create('anna', mine);
    const foreign = await world.issue({
      ...{ kind: 'api', org: 'theirs', owner: 'operator', name: 'x', role: 'viewer', scopes: [], permissions: [], groups: [] },
    });
    const ids = async (as: string, query = '') =>
      (await send(as, 'GET', `/keys${query}`)).body.keys.map(({ id }: { id: string }) => id) as string[];
    expect(await ids('anna')).toContain(annas.key.id);
    expect(await ids('gina')).toContain(annas.key.id);
    expect(await ids('carla', '?owner=user:anna')).toContain(annas.key.id);
    expect(await ids('carla', '?owner=service:none')).toEqual([]);
    const { body: carlas } = await create('carla', { ...mine, name: 'own', groups: ['ops'] });
    for (const as of ['anna', 'gina', 'carla']) {
      for (const id of [foreign.record.id, 'nobody00', ...(as === 'carla' ? [] : [carlas.key.id])]) {
        expect(await ids(as)).not.toContain(id);
        for (const [method, path] of [
          ['POST', `/keys/${id}/rotate`],
          ['DELETE', `/keys/${id}`],
        ] as const) {
          const answer = await send(as, method, path, method === 'POST' ? {} : undefined);
          expect(answer, `${as} ${method} ${path}`).toMatchObject({ status: 404, body: { code: 'not_found', field: 'id' } });
        }
      }
    }
  });

  it('let a service account replace its own key, and make none that outlives it or may more', async () => {
    const { body } = await create('carla', { ...ofService, name: 'self', scopes: ['runtime:read', 'runtime:admin'], days: 30 });
    const outliving = await create(body.secret, { ...mine, days: 31 });
    expect(outliving).toMatchObject({
      status: 400,
      body: { code: 'limit_exceeded', field: 'days', data: { endsAt: body.key.expiresAt } },
    });
    const { body: made } = await create(body.secret, mine);
    expect(made.key).toMatchObject({ owner: 'service:ci', createdBy: `key:${body.key.id}`, expiresAt: body.key.expiresAt });
    expect((await create(body.secret, { ...mine, scopes: ['runtime:capture'] })).body.code).toBe('insufficient_scope');
    const { status, body: next } = await send(body.secret, 'POST', `/keys/${body.key.id}/rotate`, { overlapHours: 0 });
    expect(status).toBe(201);
    expect(next.key).toMatchObject({ firstId: body.key.id, daysLeft: 90 });
    expect((await send(body.secret, 'GET', '/me')).status).toBe(401);
  });

  it('let a key with a list of addresses make none that is taken from elsewhere', async () => {
    const admin = { ...ofService, scopes: ['runtime:read', 'runtime:admin'], addresses: ['127.0.0.1'] };
    const { body } = await create('carla', admin);
    const { addresses: _addresses, ...anywhere } = admin;
    expect((await create(body.secret, anywhere)).body.key).toMatchObject({ addresses: ['127.0.0.1'] });
    expect((await create(body.secret, { ...admin, addresses: ['127.0.0.0/8'] })).body).toMatchObject({
      ...{ code: 'org_access_denied', field: 'addresses' },
      detail: expect.stringContaining('127.0.0.0/8'),
    });
    const { body: open } = await create('carla', anywhere);
    expect((await send(body.secret, 'POST', `/keys/${open.key.id}/rotate`, {})).body.field).toBe('addresses');
  });

  it('let no key that another made outlive that, however often it replaces itself', async () => {
    const admin = { ...ofService, scopes: ['runtime:read', 'runtime:admin'] };
    const { body: parent } = await create('carla', { ...admin, days: 30 });
    let { body: child } = await create(parent.secret, admin);
    for (let turn = 0; turn < 2; turn += 1) {
      ({ body: child } = await send(child.secret, 'POST', `/keys/${child.key.id}/rotate`, { overlapHours: 0 }));
      expect(child.key).toMatchObject({ expiresAt: parent.key.expiresAt, notAfter: parent.key.expiresAt });
    }
    const longer = await send(child.secret, 'POST', `/keys/${child.key.id}/rotate`, { days: 31 });
    expect(longer.body).toMatchObject({ code: 'limit_exceeded', field: 'days' });
    const { body: lifted } = await send('carla', 'POST', `/keys/${child.key.id}/rotate`, {});
    expect(lifted.key).toMatchObject({ daysLeft: 90 });
    expect(lifted.key).not.toHaveProperty('notAfter');
  });

  it('tell at a revocation what the key made, and end that with it when told to', async () => {
    const admin = { ...ofService, scopes: ['runtime:read', 'runtime:admin'] };
    const { body: stolen } = await create('carla', admin);
    const { body: bystander } = await create('carla', admin);
    const { body: child } = await create(stolen.secret, admin);
    const { body: grandchild } = await create(child.secret, admin);
    const { body: renewed } = await send(child.secret, 'POST', `/keys/${child.key.id}/rotate`, { overlapHours: 0 });
    const { body: itself } = await send(stolen.secret, 'POST', `/keys/${stolen.key.id}/rotate`, { overlapHours: 1 });
    const made = [grandchild.key.id, renewed.key.id, itself.key.id].sort();
    const first = await send('carla', 'DELETE', `/keys/${stolen.key.id}`);
    expect(first.body).toMatchObject({ key: { state: 'revoked' }, alsoRevoked: [] });
    expect(first.body.stillLiving.sort()).toEqual(made);
    expect((await send(grandchild.secret, 'GET', '/me')).status).toBe(200);
    const then = await send('carla', 'DELETE', `/keys/${stolen.key.id}?andMade=true`);
    expect(then.body.alsoRevoked.sort()).toEqual(made);
    expect(then.body.stillLiving).toEqual([]);
    for (const { secret } of [grandchild, renewed, itself]) expect((await send(secret, 'GET', '/me')).status).toBe(401);
    expect((await send(bystander.secret, 'GET', '/me')).status).toBe(200);
    expect(await send('carla', 'DELETE', `/keys/${stolen.key.id}?andMade=true`)).toMatchObject({ status: 404 });
    const self = await send(bystander.secret, 'DELETE', `/keys/${bystander.key.id}`);
    expect(self.body).toMatchObject({ alsoRevoked: [], stillLiving: [] });
  });

  it('make a key for agents that calls nothing', async () => {
    const { status, body } = await create('carla', {
      kind: 'enrolment',
      name: 'shops',
      owner: 'service:shops',
      pool: 'eu',
      service: 'shop-*',
    });
    expect(status).toBe(201);
    expect(body.key).toMatchObject({ kind: 'enrolment', pool: 'eu', service: 'shop-*' });
    expect(body.key).not.toHaveProperty('scopes');
    expect((await send(body.secret, 'GET', '/me')).status).toBe(401);
  });

  it('say who asks, with a warning from 14 days before the end', async () => {
    const { body } = await create('gina', { ...mine, days: 20 });
    const early = await send(body.secret, 'GET', '/me');
    expect(early.body).toMatchObject({
      ...{ name: 'laptop', organisation: 'acme', role: 'developer', scopes: ['runtime:read'], groups: ['everyone'] },
      ...{ permissions: ['dev_api'], credentialId: body.key.id, expiresAt: body.key.expiresAt, daysLeft: 20 },
    });
    expect(early.body).not.toHaveProperty('warning');
    world.clock.advance(6 * dayMs);
    expect((await send(body.secret, 'GET', '/me')).body.warning).toBe('The key ends in 14 days; rotate it before that.');
    expect((await send('bert', 'GET', '/me')).body).toMatchObject({ subject: 'user:bert', kind: 'person', permissions: [] });
  });

  it('cut the key of a person to what the person is now', async () => {
    const { body } = await create('gina', {
      ...mine,
      name: 'strong',
      role: 'group_admin',
      scopes: ['runtime:read', 'runtime:admin'],
    });
    const gina = await world.stores.people.find('acme', 'user:gina');
    if (gina === undefined) throw new Error('Gina is not known.');
    await keep(world.stores.people, { ...gina, role: 'viewer', groups: [] });
    expect((await send(body.secret, 'GET', '/me')).body).toMatchObject({ role: 'viewer', groups: [] });
    expect((await send(body.secret, 'GET', '/keys')).body.code).toBe('org_access_denied');
    await world.stores.people.disable('acme', 'user:gina', 1);
    expect(await send(body.secret, 'GET', '/me')).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    await world.stores.people.enable('acme', 'user:gina');
    await keep(world.stores.people, gina);
  });

  it('make and replace nothing that cannot be recorded, but end a key and say so', async () => {
    const { body } = await create('anna', mine);
    const before = await world.stores.keys.list('acme');
    world.trail.fails = true;
    try {
      for (const path of ['/keys', `/keys/${body.key.id}/rotate`]) {
        const answer = await send('anna', 'POST', path, path === '/keys' ? mine : {});
        expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', detail: expect.stringContaining('not made') } });
        expect(JSON.stringify(answer.body)).not.toContain('slk_');
      }
      expect(await world.stores.keys.list('acme')).toEqual(before);
      const revoked = await send('anna', 'DELETE', `/keys/${body.key.id}`);
      expect(revoked).toMatchObject({ status: 503, body: { detail: expect.stringContaining(`${body.key.id} is revoked`) } });
      expect((await send(body.secret, 'GET', '/me')).status).toBe(401);
      expect(world.ended).toContain(body.key.id);
    } finally {
      world.trail.fails = false;
    }
  });

  it('bound what one owner has, and how much is made in an hour', async () => {
    const full = { ...mine, owner: 'service:many' };
    for (let made = 0; made < 50; made += 1) expect((await create('carla', full)).status).toBe(201);
    const over = await create('carla', full);
    expect(over).toMatchObject({ status: 400, body: { code: 'limit_exceeded', field: 'owner', data: { limit: 50 } } });
    expect(over.body.detail).toContain('service:many has 50 live keys');
    const [failed, asked] = await records(2);
    expect([asked?.decision, failed?.decision, failed?.reason]).toEqual(['allowed', 'failed', 'limit_exceeded']);
    const { body: other } = await create('carla', { ...mine, owner: 'service:few' });
    let { id } = other.key as { id: string };
    for (let turn = 0; turn < 99; turn += 1) {
      const { body } = await send('carla', 'POST', `/keys/${id}/rotate`, { overlapHours: 0 });
      ({ id } = body.key);
    }
    const spent = await send('carla', 'POST', `/keys/${id}/rotate`, { overlapHours: 0 });
    expect(spent).toMatchObject({
      status: 429,
      body: { code: 'quota_exceeded', data: { limit: 100, quota: 'new_keys_per_hour' } },
    });
    expect(Number(spent.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await send('carla', 'DELETE', `/keys/${id}`)).status).toBe(200);
  }, 60_000);
});
