import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { administerApps } from '../../src/authorization/administer-apps.ts';
import { hashToken } from '../../src/identity/token-form.ts';
import { newId } from '../../src/lib/id.ts';
import { endApp } from '../../src/oauth/apps.ts';
import { createGrants, type Grants, maxListed, storedGrants } from '../../src/oauth/grants.ts';
import { openStores, type Stores } from '../../src/storage/stores.ts';
import { createTestClock } from '../helpers/clock.ts';
import { engines, type World } from '../storage/engines.ts';

const operator = administerApps({ kind: 'operator', org: 'acme' });
const asked = { requestId: 'op_test' };

describe.each(engines)('the end of a connected app over $engine', ({ open }) => {
  const clock = createTestClock();
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => void logged.push(line) });
  let world: World;
  let stores: Stores;
  let grants: Grants;
  beforeAll(async () => {
    world = await open();
    stores = openStores(world.db);
    grants = storedGrants(stores, { clock, log });
  });
  afterAll(() => world.close());

  async function granted(account: string, { hasToken = true, clientKnown = 'operator' } = {}): Promise<string> {
    const grantId = newId('grant');
    const common = { grantId, account, createdAt: clock.now() };
    const payload = { clientId: 'client_x', clientName: 'IDE', clientKnown, redirectUri: 'http://127.0.0.1/cb' };
    await stores.oauth.put({ ...common, model: 'Grant', idHash: hashToken(grantId), payload });
    if (hasToken) await stores.oauth.put({ ...common, model: 'AccessToken', idHash: hashToken(newId('sla')), payload: {} });
    return grantId;
  }

  it('is of a client known by nothing but its word where what is stored of it is not understood', async () => {
    await granted('odd/user:a', { clientKnown: 'famous' });
    await granted('odd/user:b', { clientKnown: 'document' });
    const known = new Map((await grants.list('odd')).map((app) => [app.subject, app.known]));
    expect(Object.fromEntries(known)).toEqual({ 'user:a': 'self_registered', 'user:b': 'document' });
  });

  it('is done even when it cannot be recorded, is told to what runs, and says loudly what is missing', async () => {
    const id = await granted('acme/user:a');
    const ended: string[] = [];
    const note = () => Promise.reject(new Error('the disk is full'));
    const unrecorded = createGrants({ records: stores.oauth, clock, log, note, ended: (grantId) => void ended.push(grantId) });
    const ending = operator.end(await grants.find('acme', id), id);
    const problem = await endApp(unrecorded, ending, asked).catch((thrown: unknown) => thrown);
    expect(problem).toMatchObject({
      details: { code: 'unavailable', message: `The app ${id} is disconnected. That could not be recorded in the audit trail.` },
    });
    expect(ended).toEqual([id]);
    expect(await grants.find('acme', id)).toBeUndefined();
    expect(logged.at(-1)).toContain('could not be recorded');
    expect(logged.at(-1)).toContain(id);
  });

  it('is not found when somebody else was first, and is recorded once', async () => {
    const id = await granted('acme/user:b');
    const ending = operator.end(await grants.find('acme', id), id);
    const done = await Promise.allSettled([endApp(grants, ending, asked), endApp(grants, ending, asked)]);
    expect(done.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(done.find((each) => each.status === 'rejected')?.reason).toMatchObject({ details: { code: 'not_found' } });
    const records = (await stores.audit.recent('acme', 50)).filter(({ grant }) => grant === id);
    expect(records).toMatchObject([{ event: 'grant_revoked', subject: 'operator', auth: 'console', requestId: 'op_test' }]);
  });

  it('comes to all of a person, in use or not, and to nobody else’s', async () => {
    const [used, unused] = [await granted('acme/user:c'), await granted('acme/user:c', { hasToken: false })];
    const others = [await granted('acme/user:cc'), await granted('globex/user:c')];
    expect((await grants.list('acme', 'user:c')).map(({ id }) => id)).toEqual([used]);
    await grants.revokeAll('acme', 'user:c');
    expect(await Promise.all([used, unused].map((id) => grants.find('acme', id)))).toEqual([undefined, undefined]);
    expect((await grants.find('acme', others[0] ?? ''))?.subject).toBe('user:cc');
    expect((await grants.find('globex', others[1] ?? ''))?.subject).toBe('user:c');
  });

  it('comes to all of a person who has more than one list shows', async () => {
    await Promise.all(Array.from({ length: maxListed + 1 }, () => granted('many/user:d')));
    expect(await grants.list('many')).toHaveLength(maxListed);
    await grants.revokeAll('many', 'user:d');
    expect(await stores.oauth.list('Grant', { org: 'many', limit: 9 }, clock.now())).toEqual([]);
  }, 60_000);
});
