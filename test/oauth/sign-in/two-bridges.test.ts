import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOwnerChecks } from '../../../src/identity/owner-checks.ts';
import type { PeopleStore } from '../../../src/identity/people.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/lib/log.ts';
import { admit } from '../../../src/oauth/sign-in/admit.ts';
import { askingMs } from '../../../src/oauth/sign-in/asking.ts';
import { openSignIn } from '../../../src/oauth/sign-in/routes.ts';
import { createTestClock, type TestClock } from '../../helpers/clock.ts';
import { createBrowser } from './browser.ts';
import { type Company, startCompany } from './company.ts';
import { type Desk, openDesk, policiesWith } from './desk.ts';

const hourMs = 3_600_000;
let company: Company;
let desk: Desk;
let clock: TestClock;
/** Time stands still, and a bridge that waits for another one looks again at once. */
let looking: Clock;
const lookAtOnce: Clock['after'] = (_ms, run) => {
  const turn = setImmediate(run);
  return () => clearImmediate(turn);
};
let name = '';
let id = '';
let turn = 0;
beforeAll(async () => {
  company = await startCompany();
  clock = createTestClock(Date.now());
  looking = { ...clock, after: lookAtOnce };
  desk = await openDesk(company.policy(), { clock: looking });
});
afterAll(async () => {
  await desk.close();
  await company.close();
});
beforeEach(() => {
  turn += 1;
  name = `p${turn}`;
  id = `default/user:${name}`;
  join(name);
});

/** Somebody is at the company from now on. */
function join(who: string): void {
  company.people[who] = { name: who, email: `${who}@example.com`, claims: { roles: ['platform'], groups: [] } };
}
async function signIn(who = name): Promise<void> {
  company.next = who;
  const page = await createBrowser().open(desk.begin().url);
  expect(page.status, page.html).toBe(200);
  company.grants.length = 0;
}
const person = () => desk.stores.people.find('default', `user:${name}`);
const here = () => desk.signIn.accounts;

/** The accounts of another bridge on the same database, as this one's `people` let it reach them. */
async function there(people: Partial<PeopleStore> = {}) {
  const policies = policiesWith(company.policy());
  const other = await openSignIn({
    ...{ records: desk.stores.oauth, people: { ...desk.stores.people, ...people }, secrets: desk.secrets, clock: looking },
    ...{ log: createLog('silent'), policies: () => policies, note: async () => undefined },
  });
  if (other === undefined) throw new Error('Nobody signs in here.');
  return other.accounts;
}

/** A step that waits until it is let go. */
function gate() {
  const step = () => {
    let resolve = () => {};
    const done = new Promise<void>((go) => {
      resolve = go;
    });
    return { done, resolve };
  };
  const [reached, opened] = [step(), step()];
  const pass = () => {
    reached.resolve();
    return opened.done;
  };
  return { pass, reached: reached.done, open: opened.resolve };
}

/** Another bridge that stops at its save of this number: the first claims the question, the second keeps the token, the third the role. */
async function stoppedAt(nth: number) {
  const stop = gate();
  let saves = 0;
  const accounts = await there({
    async save(...saved) {
      saves += 1;
      if (saves === nth) await stop.pass();
      return desk.stores.people.save(...saved);
    },
  });
  return { accounts, reached: stop.reached, open: stop.open };
}

describe('one person whom two bridges check', () => {
  it('stays in, and the provider gets no refresh token twice', async () => {
    await signIn();
    const other = await there();
    for (let time = 0; time < 5; time += 1) {
      clock.advance(hourMs);
      const both = await Promise.all([here().recheck(id), other.recheck(id)]);
      expect(both.map((each) => each?.role)).toEqual(['company_admin', 'company_admin']);
    }
    expect(new Set(company.grants).size).toBe(company.grants.length);
  });

  it('stays in where one of them read the person before the other asked', async () => {
    await signIn();
    const stop = gate();
    let finds = 0;
    const other = await there({
      async find(...who) {
        const found = await desk.stores.people.find(...who);
        finds += 1;
        if (finds === 1) await stop.pass();
        return found;
      },
    });
    const slow = other.recheck(id);
    await stop.reached;
    expect(await here().recheck(id)).toBeDefined();
    stop.open();
    expect(await slow).toBeDefined();
    expect(company.grants).toHaveLength(1);
    expect(await here().recheck(id)).toBeDefined();
  });

  it('is told what the other bridge learns, and not before', async () => {
    await signIn();
    company.setRoles(name, ['interns']);
    const held = await stoppedAt(3);
    const asking = held.accounts.recheck(id);
    await held.reached;
    const waiting = here().recheck(id);
    held.open();
    expect(await asking).toBeUndefined();
    expect(await waiting).toBeUndefined();
    expect(company.grants).toHaveLength(1);
  });

  it('is asked about by the other one once the first has been silent for a minute', async () => {
    await signIn();
    const held = await stoppedAt(2);
    company.disable(name);
    const asking = held.accounts.recheck(id);
    await held.reached;
    const waiting = here().recheck(id);
    clock.advance(askingMs);
    expect(await waiting).toBeUndefined();
    held.open();
    expect(await asking).toBeUndefined();
    expect(company.grants).toHaveLength(2);
  });

  it('stays out once one of them was told that the sign-in is over', async () => {
    await signIn();
    const held = await stoppedAt(3);
    const slow = held.accounts.recheck(id);
    await held.reached;
    company.disable(name);
    clock.advance(askingMs);
    expect(await here().recheck(id)).toBeUndefined();
    const { endedAt } = (await person()) ?? {};
    expect(endedAt).toBeDefined();
    held.open();
    expect(await slow).toBeUndefined();
    expect(await person()).toMatchObject({ endedAt });
  });

  it('is asked about at once after the provider could not be reached', async () => {
    await signIn();
    await company.down();
    expect(await (await there()).recheck(id)).toBeDefined();
    await company.up();
    expect(await here().recheck(id)).toBeDefined();
    expect(company.grants).toHaveLength(1);
  });

  it('stays in as the owner of a key, where all bridges check owners in the same turn', async () => {
    const names = Array.from({ length: 6 }, (_, each) => `o${each}`);
    for (const each of names) {
      join(each);
      await signIn(each);
    }
    clock.advance(hourMs);
    const keys = { liveOwners: async () => names.map((each) => ({ org: 'default', owner: `user:${each}` })) };
    const checks = [here(), await there()].map(({ recheck }) =>
      createOwnerChecks({ keys, people: desk.stores.people, recheck, clock, log: createLog('silent') })(),
    );
    await Promise.all(checks);
    for (const each of names) expect(await here().recheck(`default/user:${each}`), each).toBeDefined();
  });
});

describe('a check that is under way', () => {
  it('does not bring back who was forgotten meanwhile', async () => {
    await signIn();
    company.hold();
    const checked = here().recheck(id);
    await company.waiting(1);
    await desk.stores.people.forget('default', `user:${name}`);
    company.release();
    expect(await checked).toBeUndefined();
    expect(await person()).toBeUndefined();
  });

  it('does not undo a sign-in that came between its question and its write', async () => {
    await signIn();
    clock.advance(hourMs);
    const held = await stoppedAt(3);
    const slow = held.accounts.recheck(id);
    await held.reached;
    company.setRoles(name, ['engineering']);
    await signIn();
    const newer = await person();
    expect(newer).toMatchObject({ role: 'developer', signedInAt: clock.now() });
    held.open();
    expect(await slow).toEqual(newer);
    expect(await person()).toEqual(newer);
  });

  it('keeps the refresh token it got in exchange of somebody who was disabled meanwhile, for when they are enabled', async () => {
    await signIn();
    const held = await stoppedAt(2);
    const slow = held.accounts.recheck(id);
    await held.reached;
    await desk.stores.people.disable('default', `user:${name}`, clock.now());
    held.open();
    expect(await slow).toBeUndefined();
    await desk.stores.people.enable('default', `user:${name}`);
    expect(await here().recheck(id)).toBeDefined();
    expect(new Set(company.grants).size).toBe(2);
  });
});

describe('two accounts that have one name', () => {
  it('do not both come in with it where they come at one time', async () => {
    const { claims, sign_in: signs } = policiesWith(company.policy()).identity;
    const reading = { rules: { ...claims, subject: 'preferred_username' }, roles: signs.roles };
    const events: unknown[] = [];
    const note = async (event: object) => void events.push(event);
    const admission = { people: desk.stores.people, secrets: desk.secrets, clock, note, reading };
    const come = (sub: string) => {
      const told = { sub, preferred_username: 'sam', roles: ['platform'] };
      return admit(admission, { issuer: company.issuer, claims: told }, { clientId: 'c' });
    };
    const both = await Promise.allSettled([come('one'), come('two')]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'org_access_denied' } });
    expect(events.at(-1)).toMatchObject({ event: 'sign_in_denied', reason: 'other_account' });
  });
});
