import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../src/identity/authenticate.ts';
import { seedKeys } from '../../src/identity/issue.ts';
import type { KeyRequest } from '../../src/identity/key-request.ts';
import type { KeyStore } from '../../src/identity/keys.ts';
import type { Db } from '../../src/storage/db.ts';
import { openEmptyStore } from '../helpers/empty-store.ts';
import { type OperatorDesk, operatorDesk } from './desk.ts';

const dayMs = 86_400_000;
const api: KeyRequest = {
  kind: 'api',
  org: 'acme',
  owner: 'operator',
  name: 'ci',
  role: 'viewer',
  scopes: ['runtime:read'],
  permissions: ['dev_api'],
  groups: [],
};
const enrolment: KeyRequest = { kind: 'enrolment', org: 'acme', owner: 'operator', name: 'agents', pool: 'eu', service: '*' };

let db: Db;
let keys: KeyStore;
let clock: OperatorDesk['clock'];
let issue: OperatorDesk['issue'];
let rotate: OperatorDesk['rotate'];
let revoke: OperatorDesk['revoke'];
beforeAll(async () => {
  db = await openEmptyStore();
  const world = operatorDesk(db);
  ({ clock, issue, rotate, revoke } = world);
  keys = world.desk.keys;
});
afterAll(() => db.close());

describe('the first start', () => {
  it('seeds a key that reads, one that captures and one for agents, and never again', async () => {
    const seeded = await seedKeys(keys, clock);
    if (seeded === undefined) throw new Error('Nothing was seeded.');
    const { authenticate, authenticateAgent } = createAuthenticator({ keys, clock });
    const common = { org: 'default', permissions: ['dev_api'], groups: ['everyone'] };
    expect(await authenticate(seeded.readKey.secret)).toMatchObject({
      ...common,
      name: 'read',
      role: 'developer',
      scopes: ['runtime:read'],
    });
    expect(await authenticate(seeded.fullKey.secret)).toMatchObject({
      ...common,
      name: 'full',
      role: 'developer',
      scopes: ['runtime:read', 'runtime:capture'],
    });
    expect(await authenticateAgent(seeded.enrolKey.secret)).toMatchObject({
      org: 'default',
      owner: 'operator',
      pool: 'default',
      service: '*',
    });
    expect(await seedKeys(keys, clock)).toBeUndefined();
    expect(await keys.list('default')).toHaveLength(3);
  });
});

describe('issuing a key', () => {
  it('stores its hash and nothing from which it could be made again', async () => {
    const { record, secret } = await issue(api);
    expect(await keys.find(record.id)).toEqual(record);
    expect(record).toMatchObject({ expiresAt: clock.now() + 90 * dayMs, createdAt: clock.now() });
    const stored = JSON.stringify(await db.query('select * from api_keys'));
    expect(stored).toContain(record.hash);
    expect(stored).not.toContain(secret.slice(13));
  });

  it.each([
    ['name', { name: 'x'.repeat(65) }],
    ['name', { name: '  ' }],
    ['name', { name: 'forged\nline' }],
    ['name', { name: 'turned \u202e round' }],
    ['role', { role: 'emperor' }],
    ['scopes', { scopes: ['runtime:read', 'runtime:everything'] }],
    ['scopes', { scopes: 'runtime:read' }],
    ['permissions', { permissions: ['Dev API'] }],
    ['groups', { groups: ['a b'] }],
    ['groups', { groups: Array.from({ length: 33 }, (_, group) => `g${group}`) }],
    ['org', { org: '' }],
    ['owner', { owner: undefined }],
    ['kind', { kind: 'master' }],
    ['days', { days: 0 }],
    ['days', { days: 366 }],
    ['days', { days: 1.5 }],
    ['days', { days: '90' }],
  ])('refuses a wrong %s: %j', async (field, wrong) => {
    await expect(issue({ ...api, ...wrong } as KeyRequest)).rejects.toMatchObject({
      code: 'invalid_input',
      details: { field },
    });
  });

  it.each([
    ['pool', { pool: '*' }],
    ['service', { service: '' }],
    ['service', { service: 'shop;' }],
  ])('refuses a wrong %s of an enrolment key: %j', async (field, wrong) => {
    await expect(issue({ ...enrolment, ...wrong } as KeyRequest)).rejects.toMatchObject({
      code: 'invalid_input',
      details: { field },
    });
  });

  it.each([1, 365])('lets a key live for %i days', async (days) => {
    const { record } = await issue({ ...enrolment, days });
    expect(record.expiresAt - record.createdAt).toBe(days * dayMs);
  });

  it('keeps rights of callers off enrolment keys', async () => {
    const { record } = await issue({
      ...enrolment,
      role: 'company_admin',
      scopes: ['runtime:admin'],
    } as KeyRequest);
    expect(record.role).toBeUndefined();
    expect(record.scopes).toBeUndefined();
  });
});

describe('rotating and revoking a key', () => {
  it.each([-1, 169, Number.NaN])('refuses an overlap of %d hours', async (overlapHours) => {
    const { record } = await issue(api);
    await expect(rotate({ org: 'acme', id: record.id }, { overlapHours })).rejects.toMatchObject({
      details: { field: 'overlapHours' },
    });
  });

  it('lets the old key end at once when asked to', async () => {
    const old = await issue(api);
    const next = await rotate({ org: 'acme', id: old.record.id }, { overlapHours: 0 });
    const { authenticate } = createAuthenticator({ keys, clock });
    await expect(authenticate(old.secret)).rejects.toMatchObject({ code: 'invalid_token' });
    expect(await authenticate(next.secret)).toMatchObject({ name: 'ci' });
    expect(await keys.find(old.record.id)).toMatchObject({ rotatedTo: next.record.id });
  });

  it('replaces a key once, and no revoked one', async () => {
    const [rotated, revoked] = [await issue(api), await issue(api)];
    await rotate({ org: 'acme', id: rotated.record.id });
    await revoke(revoked.record);
    for (const { record } of [rotated, revoked]) {
      await expect(rotate({ org: 'acme', id: record.id })).rejects.toMatchObject({
        code: 'invalid_input',
        details: { field: 'id' },
      });
    }
  });

  it('does not find keys of another organisation, unknown ones or revoked ones', async () => {
    const { record } = await issue(api);
    await expect(rotate({ org: 'theirs', id: record.id })).rejects.toMatchObject({ code: 'not_found' });
    await expect(revoke({ org: 'theirs', id: record.id })).rejects.toMatchObject({ code: 'not_found' });
    await expect(revoke({ org: 'acme', id: 'nobody' })).rejects.toMatchObject({ code: 'not_found' });
    await revoke(record);
    await expect(revoke(record)).rejects.toMatchObject({ code: 'not_found' });
  });
});
