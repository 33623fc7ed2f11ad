import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Authenticator, createAuthenticator } from '../../src/identity/authenticate.ts';
import { makeKey } from '../../src/identity/key-form.ts';
import type { KeyRequest } from '../../src/identity/key-request.ts';
import type { KeyStore } from '../../src/identity/keys.ts';
import type { Db } from '../../src/storage/db.ts';
import { openEmptyStore } from '../helpers/empty-store.ts';
import { checksumOf } from './checksum.ts';
import { type OperatorDesk, operatorDesk } from './desk.ts';

const dayMs = 86_400_000;
const api: KeyRequest = {
  kind: 'api',
  org: 'acme',
  owner: 'operator',
  name: 'ci',
  role: 'developer',
  scopes: ['runtime:read', 'runtime:capture'],
  permissions: ['dev_api'],
  groups: ['everyone'],
};
const enrolment: KeyRequest = {
  kind: 'enrolment',
  org: 'acme',
  owner: 'operator',
  name: 'agents',
  pool: 'eu',
  service: 'shop-*',
};

let db: Db;
let keys: KeyStore;
let asked: string[];
let clock: OperatorDesk['clock'];
let issue: OperatorDesk['issue'];
let rotate: OperatorDesk['rotate'];
let revoke: OperatorDesk['revoke'];
let authenticator: Authenticator;
beforeAll(async () => {
  db = await openEmptyStore();
});
afterAll(() => db.close());
beforeEach(() => {
  const world = operatorDesk(db);
  ({ clock, issue, rotate, revoke } = world);
  const store = world.desk.keys;
  asked = [];
  const find: KeyStore['find'] = (id) => {
    asked.push(id);
    return store.find(id);
  };
  keys = { ...store, find };
  authenticator = createAuthenticator({ keys, clock });
});

describe('a caller', () => {
  it('is who its key says', async () => {
    const { record, secret } = await issue(api);
    expect(await authenticator.authenticate(secret)).toEqual({
      org: 'acme',
      subject: `key:${record.id}`,
      name: 'ci',
      kind: 'api_key',
      role: 'developer',
      scopes: ['runtime:read', 'runtime:capture'],
      permissions: ['dev_api'],
      groups: ['everyone'],
      owner: 'operator',
      credentialId: record.id,
      expiresAt: record.expiresAt,
    });
  });

  it.each([undefined, ''])('without a token is told so: %j', async (bearer) => {
    await expect(authenticator.authenticate(bearer)).rejects.toMatchObject({
      code: 'missing_token',
      details: { next: expect.stringContaining('slk_') },
    });
  });

  it('with a malformed token is refused before the store is asked', async () => {
    const { secret } = await issue(api);
    asked = [];
    for (const bearer of ['junk', secret.slice(0, -1), `${secret}x`, secret.replace('slk_', 'sle_')]) {
      await expect(authenticator.authenticate(bearer)).rejects.toMatchObject({
        code: 'invalid_token',
        message: expect.stringContaining('malformed'),
      });
    }
    expect(asked).toEqual([]);
  });

  it('hears the same of an unknown id, a wrong secret, an expired and a revoked key', async () => {
    const [wrong, revoked, expired] = [await issue(api), await issue(api), await issue({ ...api, days: 1 })];
    // A well-formed key with the id of a real one: its checksum is right, its secret is not.
    const forged = forge(wrong.record.id);
    await revoke(revoked.record);
    clock.advance(dayMs);
    for (const bearer of [makeKey('api').secret, forged, revoked.secret, expired.secret]) {
      await expect(authenticator.authenticate(bearer)).rejects.toMatchObject({
        code: 'invalid_token',
        message: 'The token is unknown, expired or revoked.',
      });
    }
    expect((await authenticator.authenticate(wrong.secret)).subject).toBe(`key:${wrong.record.id}`);
  });

  it('is refused with the very next request after its key was revoked', async () => {
    const { record, secret } = await issue(api);
    await authenticator.authenticate(secret);
    await revoke(record);
    await expect(authenticator.authenticate(secret)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  it('may use both keys during the overlap of a rotation, and the new one only after it', async () => {
    const old = await issue(api);
    const next = await rotate({ org: 'acme', id: old.record.id });
    clock.advance(dayMs - 1);
    const both = [await authenticator.authenticate(old.secret), await authenticator.authenticate(next.secret)];
    // One caller, so that a rotation gives nobody fresh quotas.
    expect(both.map(({ subject }) => subject)).toEqual([`key:${old.record.id}`, `key:${old.record.id}`]);
    expect(both.map(({ credentialId }) => credentialId)).toEqual([old.record.id, next.record.id]);
    const own = { expiresAt: 0, credentialId: '' };
    expect({ ...both[1], ...own }).toEqual({ ...both[0], ...own });
    clock.advance(1);
    await expect(authenticator.authenticate(old.secret)).rejects.toMatchObject({ code: 'invalid_token' });
    await authenticator.authenticate(next.secret);
  });

  it('leaves its last use on the key, once a minute', async () => {
    const { record, secret } = await issue(api);
    const usedAt = clock.now();
    await authenticator.authenticate(secret, '10.0.0.1');
    clock.advance(59_999);
    await authenticator.authenticate(secret, '10.0.0.2');
    expect(await keys.find(record.id)).toMatchObject({ lastUsedAt: usedAt, lastUsedFrom: '10.0.0.1' });
    clock.advance(1);
    await authenticator.authenticate(secret, '10.0.0.3');
    expect(await keys.find(record.id)).toMatchObject({ lastUsedAt: clock.now(), lastUsedFrom: '10.0.0.3' });
  });
});

describe('an agent', () => {
  it('gets the enrolment key that binds it', async () => {
    const { record, secret } = await issue(enrolment);
    expect(await authenticator.authenticateAgent(secret)).toMatchObject({
      id: record.id,
      org: 'acme',
      pool: 'eu',
      service: 'shop-*',
    });
  });

  it('is refused with an API key, and a caller with an enrolment key; each is told which is which', async () => {
    const [forCallers, forAgents] = [await issue(api), await issue(enrolment)];
    await expect(authenticator.authenticateAgent(forCallers.secret)).rejects.toMatchObject({
      code: 'invalid_token',
      message: expect.stringContaining('an API key'),
      details: { next: expect.stringContaining('sle_') },
    });
    await expect(authenticator.authenticate(forAgents.secret)).rejects.toMatchObject({
      code: 'invalid_token',
      message: expect.stringContaining('an enrolment key'),
      details: { next: expect.stringContaining('slk_') },
    });
  });

  it('without a key is told so', async () => {
    await expect(authenticator.authenticateAgent(undefined)).rejects.toMatchObject({ code: 'missing_token' });
  });
});

/** A well-formed key with this id, as anybody can make who knows the form. */
function forge(id: string): string {
  const body = `slk_${id}_${'A'.repeat(33)}`;
  return body + checksumOf(body);
}
