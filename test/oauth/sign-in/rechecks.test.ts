import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityFile } from '../../../src/identity/identity-policy.ts';
import type { Role } from '../../../src/identity/principal.ts';
import { createLog } from '../../../src/lib/log.ts';
import { createAccounts } from '../../../src/oauth/sign-in/rechecks.ts';
import { createTestClock, type TestClock } from '../../helpers/clock.ts';
import { keep } from '../../identity/people.ts';
import { createBrowser } from './browser.ts';
import { type Company, startCompany } from './company.ts';
import { type Desk, openDesk } from './desk.ts';

const hourMs = 3_600_000;
let company: Company;
let desk: Desk;
let clock: TestClock;
let id = '';
let turn = 0;
beforeAll(async () => {
  company = await startCompany();
  clock = createTestClock(Date.now());
  desk = await openDesk(company.policy(), { clock });
});
afterAll(async () => {
  await desk.close();
  await company.close();
});
beforeEach(async () => {
  turn += 1;
  const name = `p${turn}`;
  company.people[name] = { name: `Person ${turn}`, email: `${name}@example.com`, claims: { roles: ['platform'], groups: [] } };
  company.next = name;
  Object.assign(company, { refreshTokens: true, idTokenAtRefresh: true, forge: undefined, instead: undefined });
  id = `default/user:${name}`;
});
afterEach(async () => {
  company.release();
});

/** The person of this test signs in. */
async function signIn(): Promise<void> {
  const page = await createBrowser().open(desk.begin().url);
  expect(page.status, page.html).toBe(200);
  desk.events.length = 0;
  desk.lines.length = 0;
  company.grants.length = 0;
}

const person = () => desk.stores.people.find('default', id.split('/')[1] ?? '');
const upstreamToken = async () => desk.secrets.open('upstream-token', (await person())?.sealedRefreshToken ?? '');

describe('a check at every refresh', () => {
  it('confirms role and groups at the provider, and stores the refresh token it got in exchange', async () => {
    await signIn();
    const before = await upstreamToken();
    clock.advance(hourMs);
    expect(await desk.signIn.accounts.recheck(id)).toMatchObject({ role: 'company_admin', checkedAt: clock.now() });
    expect(company.grants).toEqual([expect.stringContaining('grant_type=refresh_token')]);
    const after = await upstreamToken();
    expect(after).not.toBe(before);
    expect(await desk.signIn.accounts.recheck(id)).toBeDefined();
    expect(company.grants[1]).toContain(after);
    expect(desk.events).toEqual([]);
  });

  it('makes a demoted person what they are now, and says so once', async () => {
    await signIn();
    company.setRoles(company.next ?? '', ['engineering']);
    expect(await desk.signIn.accounts.recheck(id)).toMatchObject({ role: 'developer' });
    expect(await desk.signIn.accounts.current(id)).toMatchObject({ role: 'developer' });
    await desk.signIn.accounts.recheck(id);
    expect(desk.events).toEqual([
      expect.objectContaining({
        event: 'role_changed',
        account: id,
        before: { role: 'company_admin', groups: [] },
        after: { role: 'developer', groups: [] },
      }),
    ]);
  });

  it('keeps the name where the provider leaves it out of a refresh', async () => {
    await signIn();
    company.forge = ({ name: _name, email: _email, ...claims }) => claims;
    expect(await desk.signIn.accounts.recheck(id)).toMatchObject({ name: `Person ${turn}`, email: `p${turn}@example.com` });
  });

  it('throws out who has no role any more, and the next request knows; a new sign-in with a role lets them in again', async () => {
    await signIn();
    company.setRoles(company.next ?? '', ['interns']);
    expect(await desk.signIn.accounts.recheck(id)).toBeUndefined();
    expect(await desk.signIn.accounts.current(id)).toBeUndefined();
    expect(desk.events).toEqual([expect.objectContaining({ event: 'sign_in_denied', account: id, reason: 'org_access_denied' })]);
    expect(await upstreamToken()).toBeUndefined();
    company.setRoles(company.next ?? '', ['engineering']);
    await signIn();
    expect(await desk.signIn.accounts.current(id)).toMatchObject({ role: 'developer' });
  });

  it('throws out who was disabled at the company, and the next request knows', async () => {
    await signIn();
    company.disable(company.next ?? '');
    expect(await desk.signIn.accounts.recheck(id)).toBeUndefined();
    expect(await desk.signIn.accounts.current(id)).toBeUndefined();
    expect(desk.events).toEqual([expect.objectContaining({ event: 'sign_in_denied', account: id, reason: 'invalid_grant' })]);
    // Not shut out for good: the provider may say so because its session ended.
    expect((await person())?.disabledAt).toBeUndefined();
  });

  it('throws out whose token speaks for somebody else', async () => {
    await signIn();
    company.forge = (claims) => ({ ...claims, sub: 'boss' });
    expect(await desk.signIn.accounts.recheck(id)).toBeUndefined();
    expect(desk.events).toEqual([expect.objectContaining({ event: 'sign_in_denied', reason: 'other_subject' })]);
  });

  it('knows at the next request who was shut out here, and asks the provider nothing', async () => {
    await signIn();
    expect(await desk.signIn.accounts.current(id)).toBeDefined();
    await desk.stores.people.disable('default', id.split('/')[1] ?? '', clock.now());
    expect(await desk.signIn.accounts.current(id)).toBeUndefined();
    expect(await desk.signIn.accounts.recheck(id)).toBeUndefined();
    expect(company.grants).toEqual([]);
  });

  it('does not let back in who was shut out while the provider was asked', async () => {
    await signIn();
    company.hold();
    const checked = desk.signIn.accounts.recheck(id);
    await company.waiting(1);
    await desk.stores.people.disable('default', id.split('/')[1] ?? '', clock.now());
    company.release();
    expect(await checked).toBeUndefined();
    expect((await person())?.disabledAt).toBeDefined();
  });

  it('asks the provider once where many programs of one person refresh at the same moment', async () => {
    await signIn();
    company.hold();
    const checks = Array.from({ length: 20 }, () => desk.signIn.accounts.recheck(id));
    await company.waiting(1);
    company.release();
    const people = await Promise.all(checks);
    expect(people.map((each) => each?.role)).toEqual(people.map(() => 'company_admin'));
    expect(company.grants).toHaveLength(1);
  });

  it('does not put an older refresh token over that of a sign-in which came between', async () => {
    await signIn();
    company.hold();
    const checked = desk.signIn.accounts.recheck(id);
    await company.waiting(1);
    const newer = {
      ...(await person()),
      signedInAt: clock.now() + 1,
      sealedRefreshToken: desk.secrets.seal('upstream-token', 'newer'),
    };
    await keep(desk.stores.people, newer as NonNullable<Awaited<ReturnType<typeof person>>>);
    company.release();
    expect(await checked).toBeDefined();
    expect(await upstreamToken()).toBe('newer');
  });
});

describe('people of before', () => {
  const accounts = (issuer: string, roles: readonly Role[]) =>
    createAccounts({
      ...{ people: desk.stores.people, secrets: desk.secrets, clock, log: createLog('silent'), note: async () => undefined },
      reading: { rules: identityFile.parse({}).claims, roles },
      ...{ issuer, unconfirmedMs: hourMs },
    });

  it('are out once another provider vouches for people, until they sign in there', async () => {
    await signIn();
    expect(await accounts(company.issuer, ['company_admin']).current(id)).toBeDefined();
    expect(await accounts('https://other.example', ['company_admin']).current(id)).toBeUndefined();
    expect(await accounts('local', ['company_admin']).recheck(id)).toBeUndefined();
  });

  it('are out once people of their role do not sign in any more', async () => {
    await signIn();
    expect(await accounts(company.issuer, ['developer']).current(id)).toBeUndefined();
  });

  it('keep the refresh token of an earlier sign-in where the provider gives one only at the first', async () => {
    await signIn();
    const first = await upstreamToken();
    company.refreshTokens = false;
    await signIn();
    expect(await upstreamToken()).toBe(first);
    expect(await desk.signIn.accounts.recheck(id)).toMatchObject({ role: 'company_admin' });
    expect(company.grants).toHaveLength(1);
  });

  it.each(['', 'default', '/user:x', 'default/', 'default/user:nobody', 'other/user:dev'])('are not %j', async (name) => {
    expect(await desk.signIn.accounts.current(name)).toBeUndefined();
    expect(await desk.signIn.accounts.recheck(name)).toBeUndefined();
  });
});

describe('somebody whom the provider cannot confirm', () => {
  const failures: [name: string, begin: () => Promise<void> | void, end: () => Promise<void> | void][] = [
    ['it is down', () => company.down(), () => company.up()],
    ['it answers 503', () => answer(503), () => undefined],
    ['it answers 429, whatever the body says', () => answer(429, '{"error":"invalid_grant"}'), () => undefined],
    ['it answers with megabytes', () => answer(200, 'x'.repeat(600 * 1024)), () => undefined],
    ['it redirects', () => answer(302), () => undefined],
    ['it does not know us any more', () => answer(401, '{"error":"invalid_client"}'), () => undefined],
    ['it sends no ID token', () => void Object.assign(company, { idTokenAtRefresh: false }), () => undefined],
    ['it gave no refresh token', () => undefined, () => undefined],
  ];
  function answer(status: number, body = '{}'): void {
    company.instead = (path, response) => {
      if (path !== '/token') return false;
      response.writeHead(status, { 'content-type': 'application/json', location: `${company.issuer}/token` }).end(body);
      return true;
    };
  }

  it.each(failures)('stays for a day since the last check, and no longer, when %s', async (name, begin, end) => {
    company.refreshTokens = name !== 'it gave no refresh token';
    await signIn();
    const { checkedAt } = (await person()) ?? {};
    await begin();
    try {
      clock.advance(24 * hourMs - 1);
      expect(await desk.signIn.accounts.recheck(id)).toMatchObject({ role: 'company_admin', checkedAt });
      expect(desk.lines).toContainEqual(
        expect.objectContaining({ level: 'warn', account: id, message: 'a person could not be checked again' }),
      );
      clock.advance(1);
      expect(await desk.signIn.accounts.recheck(id)).toBeUndefined();
      expect(desk.events).toEqual([]);
    } finally {
      await end();
    }
  });

  it('stays once when the ID token is another issuer’s: what it says of role and groups does not count', async () => {
    await signIn();
    company.forge = (claims) => ({ ...claims, iss: 'https://evil.example', roles: ['engineering'] });
    expect(await desk.signIn.accounts.recheck(id)).toMatchObject({ role: 'company_admin' });
    // The provider has exchanged the refresh token in an answer that does not count, so the next check needs a sign-in.
    expect(await desk.signIn.accounts.recheck(id)).toBeUndefined();
  });

  it('is in again by itself when the provider answers in time', async () => {
    await signIn();
    await company.down();
    clock.advance(23 * hourMs);
    expect(await desk.signIn.accounts.recheck(id)).toBeDefined();
    await company.up();
    expect(await desk.signIn.accounts.recheck(id)).toMatchObject({ checkedAt: clock.now() });
  });
});
