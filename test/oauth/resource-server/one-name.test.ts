import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityFile } from '../../../src/identity/identity-policy.ts';
import type { PeopleStore } from '../../../src/identity/people.ts';
import { createLog } from '../../../src/lib/log.ts';
import { openCompanyTokens } from '../../../src/oauth/resource-server/company-tokens.ts';
import type { EmbeddedDb } from '../../../src/storage/embedded-db.ts';
import { openStores } from '../../../src/storage/stores.ts';
import { createTestClock } from '../../helpers/clock.ts';
import { openEmptyStore } from '../../helpers/empty-store.ts';
import { type Issuer, startIssuer } from './issuer.ts';

const resource = 'http://127.0.0.1:1/mcp';
/** People are called by a name that passes from one account to another. */
const policyOf = () =>
  identityFile.parse({
    mode: 'resource_server',
    resource_server: { issuer: issuer.url, verify: 'jwt' },
    claims: { subject: 'preferred_username', role: { from: 'roles', values: { developer: ['engineering'] } } },
  });
let issuer: Issuer;
let db: EmbeddedDb;
beforeAll(async () => {
  issuer = await startIssuer(() => resource);
  db = await openEmptyStore();
}, 60_000);
afterAll(async () => {
  await issuer?.close();
  await db?.close();
});

describe('tokens of accounts that have one name', () => {
  it('let in one of two accounts that come with one name at one time', async () => {
    const { people: stored } = openStores(db);
    let finds = 0;
    let go = () => {};
    const bothFound = new Promise<void>((resolve) => {
      go = resolve;
    });
    const people: PeopleStore = {
      ...stored,
      async find(...who) {
        const found = await stored.find(...who);
        finds += 1;
        if (finds === 2) go();
        if (finds <= 2) await bothFound;
        return found;
      },
    };
    const policy = policyOf();
    const clock = createTestClock(Date.now());
    const tokens = await openCompanyTokens({ policy, people, resource: () => resource, clock, log: createLog('silent') });
    const both = await Promise.all(['one', 'two'].map((sub) => issuer.token({ sub, preferred_username: 'sam' })));
    const told = await Promise.allSettled(both.map((token) => tokens.verify(token, undefined)));
    expect(told.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(told.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'org_access_denied' } });
  });

  it('are good for their person only, not for the next one of that name', async () => {
    const { people } = openStores(db);
    const policy = policyOf();
    const clock = createTestClock(Date.now());
    const tokens = await openCompanyTokens({ policy, people, resource: () => resource, clock, log: createLog('silent') });
    const [old, young] = await Promise.all(['old', 'young'].map((sub) => issuer.token({ sub, preferred_username: 'kim' })));
    const principal = await tokens.verify(old ?? '', undefined);
    expect(await tokens.isGood(principal)).toBe(true);
    await people.forget(principal.org, principal.subject);
    clock.advance(1);
    await tokens.verify(young ?? '', undefined);
    expect(await tokens.isGood(principal)).toBe(false);
  });
});
