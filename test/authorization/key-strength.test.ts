import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { administerKeys } from '../../src/authorization/administer.ts';
import { type Authenticator, createAuthenticator } from '../../src/identity/authenticate.ts';
import type { KeyRequest } from '../../src/identity/key-request.ts';
import { createOwners } from '../../src/identity/owner.ts';
import { type Principal, roles, scopes } from '../../src/identity/principal.ts';
import { notShutOut } from '../../src/identity/standing.ts';
import { issueKey, type KeyDesk, revokeKey, rotateKey } from '../../src/keys.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import type { Db } from '../../src/storage/db.ts';
import { openStores } from '../../src/storage/stores.ts';
import { createTestClock, type TestClock } from '../helpers/clock.ts';
import { openEmptyStore } from '../helpers/empty-store.ts';
import { type OperatorDesk, operatorDesk } from '../identity/desk.ts';
import { keep, person } from '../identity/people.ts';
import { principal } from './world.ts';

const dayMs = 86_400_000;
const stepsPerSeed = 200;
const groups = ['everyone', 'payments', 'ops'];

/** The same numbers for the same seed. */
function dice(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    one: <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T,
    some: <T>(of: readonly T[]): T[] => of.filter(() => next() < 0.5),
    chance: (share: number) => next() < share,
  };
}

describe('whatever a developer does with keys', () => {
  let db: Db;
  let clock: TestClock;
  let desk: KeyDesk;
  let issue: OperatorDesk['issue'];
  let authenticator: Authenticator;
  beforeAll(async () => {
    db = await openEmptyStore(createTestClock());
    const { people } = openStores(db);
    const owners = createOwners(people, notShutOut, (role) => role === 'company_admin');
    ({ desk, clock, issue } = operatorDesk(db, owners));
    authenticator = createAuthenticator({ keys: desk.keys, clock, owners });
    await keep(people, person('anna', { groups: ['everyone', 'payments'] }));
    await keep(people, person('boss', { role: 'company_admin', groups }));
  });
  afterAll(() => db.close());

  it.each([11, 22, 33])(
    'no key comes of it that may more than the developer (seed %i)',
    async (seed) => {
      const { one, some, chance } = dice(seed);
      const anna = principal({
        ...{ org: 'acme', subject: 'user:anna', kind: 'person', name: 'Anna', groups: ['everyone', 'payments'], permissions: [] },
        scopes: seed === 33 ? ['runtime:read', 'runtime:admin'] : [...scopes],
      });
      const strong = { kind: 'api', org: 'acme', permissions: ['dev_api'], scopes, groups } as const;
      // Keys that are worth having: an admin's, a service account's, one for agents, one of another organisation.
      const treasures = await Promise.all([
        issue({ ...strong, owner: 'user:boss', name: 'boss', role: 'company_admin' }),
        issue({ ...strong, owner: `service:ci-${seed}`, name: 'ci', role: 'group_admin' }),
        issue({ kind: 'enrolment', org: 'acme', owner: 'operator', name: 'agents', pool: 'eu', service: '*' }),
        issue({ ...strong, org: 'theirs', owner: 'operator', name: 'theirs', role: 'company_admin' }),
      ]);
      const ids = treasures.map(({ record }) => record.id);
      const secrets: string[] = [];
      const done = { create: 0, rotate: 0, revoke: 0, refused: 0 };

      /** The developer, or a key that came of an earlier step. */
      async function somebody(): Promise<Principal> {
        if (secrets.length === 0 || chance(0.4)) return anna;
        return authenticator.authenticate(one(secrets), '10.0.0.1').catch(() => anna);
      }
      const steps = {
        async create(by: Principal) {
          const request = {
            ...{
              kind: chance(0.9) ? 'api' : 'enrolment',
              org: one(['acme', 'acme', 'theirs']),
              name: 'x',
              pool: 'eu',
              service: '*',
            },
            owner: one(['user:anna', 'user:anna', 'user:anna', 'user:boss', `service:ci-${seed}`, 'operator']),
            ...{ role: chance(0.7) ? 'developer' : one(roles), scopes: some(scopes), permissions: some(['dev_api']) },
            ...{
              groups: chance(0.7) ? some(['everyone', 'payments']) : some(groups),
              ...(chance(0.3) ? { days: one([1, 90, 365]) } : {}),
            },
          } as KeyRequest;
          return issueKey(desk, administerKeys(by).create(request));
        },
        async rotate(by: Principal) {
          const id = one(ids);
          return rotateKey(desk, administerKeys(by).rotate(await desk.keys.find(id), id), { overlapHours: one([0, 24]) });
        },
        async revoke(by: Principal) {
          const id = one(ids);
          await revokeKey(desk, administerKeys(by).revoke(await desk.keys.find(id), id));
        },
      };
      for (let step = 0; step < stepsPerSeed; step += 1) {
        clock.advance(one([1, 60_000, 3_600_000]));
        const verb = one(['create', 'create', 'rotate', 'revoke'] as const);
        const by = await somebody();
        try {
          const issued = await steps[verb](by);
          done[verb] += 1;
          if (issued === undefined) continue;
          ids.push(issued.record.id);
          secrets.push(issued.secret);
          const { record } = issued;
          const got = await authenticator.authenticate(issued.secret, '10.0.0.1');
          const what = `seed ${seed}, step ${step}, ${verb} by ${by.subject}: ${JSON.stringify(record)}`;
          expect(record, what).toMatchObject({ kind: 'api', org: 'acme', owner: 'user:anna' });
          expect(roles.indexOf(record.role ?? 'company_admin'), what).toBeLessThanOrEqual(roles.indexOf(anna.role));
          expect(
            got.scopes.filter((scope) => !by.scopes.includes(scope) || !anna.scopes.includes(scope)),
            what,
          ).toEqual([]);
          // As it is stored too: that its owner's rights cut it is a second wall, and not what is tested here.
          for (const having of [record.groups ?? [], got.groups])
            expect(
              having.every((group) => anna.groups.includes(group)),
              what,
            ).toBe(true);
          if (verb === 'create' && by.kind === 'api_key') expect(record.expiresAt, what).toBeLessThanOrEqual(by.expiresAt ?? 0);
        } catch (problem) {
          if (!(problem instanceof Refusal)) throw problem;
          done.refused += 1;
        }
      }
      for (const { secret, record } of treasures) {
        const door = record.kind === 'api' ? authenticator.authenticate : authenticator.authenticateAgent;
        expect(await door(secret, '10.0.0.1')).toMatchObject({ org: record.org });
        expect(await desk.keys.find(record.id)).not.toHaveProperty('rotatedTo');
      }
      // The walk went somewhere: every step was done and refused.
      for (const times of Object.values(done)) expect(times, JSON.stringify(done)).toBeGreaterThan(2);
      clock.advance(dayMs);
    },
    60_000,
  );
});
