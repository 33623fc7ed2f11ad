import { describe, expect, it } from 'vitest';
import { identityFile } from '../../src/identity/identity-policy.ts';
import type { KeyRecord } from '../../src/identity/keys.ts';
import { createOwners } from '../../src/identity/owner.ts';
import type { Person } from '../../src/identity/people.ts';
import { standingUnder } from '../../src/identity/standing.ts';
import { createTestClock } from '../helpers/clock.ts';
import { key } from '../storage/fixtures.ts';
import { person } from './people.ts';

const hourMs = 3_600_000;
const issuer = 'https://id.example.com';
const role = { from: 'roles', values: { developer: ['dev'] } };
const company = (more: object = {}) =>
  identityFile.parse({ mode: 'company', company: { issuer, client_id: 'c', ...more }, claims: { role } });
const resourceServer = identityFile.parse({
  mode: 'resource_server',
  resource_server: { issuer, verify: 'jwt' },
  claims: { role },
});
const local = identityFile.parse({ mode: 'local' });

/** What a key of this person opens under this policy, `leftMs` after they were confirmed. */
async function opens(policy: typeof local, changes: Partial<Person>, afterMs = 0): Promise<KeyRecord | undefined> {
  const clock = createTestClock();
  const anna = person('anna', { checkedAt: clock.now(), ...changes });
  const owners = createOwners({ find: async () => anna }, standingUnder(policy, clock), () => true);
  clock.advance(afterMs);
  return owners.cut(key('k', { owner: 'user:anna' }));
}

describe('the key of a person', () => {
  it.each([
    { who: 'somebody of this provider', policy: company(), changes: {} },
    { who: 'somebody of the company whose tokens are taken', policy: resourceServer, changes: {} },
    { who: 'somebody a link of this machine made', policy: local, changes: { issuer: 'local', checkedAt: 1 } },
  ])('opens what it did for $who', async ({ policy, changes }) => {
    expect(await opens(policy, changes)).toBeDefined();
  });

  it.each([
    { who: 'of the local provider, once there is a company', policy: company(), changes: { issuer: 'local' } },
    { who: 'of a provider of before', policy: company(), changes: { issuer: 'https://old.example.com' } },
    { who: 'of a company, once there is none', policy: local, changes: {} },
    { who: 'of another company than whose tokens are taken', policy: resourceServer, changes: { issuer: 'local' } },
    { who: 'in a role that does not sign in', policy: company(), changes: { role: 'viewer' as const } },
    { who: 'out at the company', policy: company(), changes: { endedAt: 1 } },
    { who: 'disabled', policy: company(), changes: { disabledAt: 1 } },
  ])('opens nothing for somebody $who', async ({ policy, changes }) => {
    expect(await opens(policy, changes)).toBeUndefined();
  });

  it.each([
    { under: 'a company', policy: company(), forMs: 25 * hourMs },
    { under: 'a company that may be away for two hours', policy: company({ unreachable_hours: 2 }), forMs: 3 * hourMs },
    { under: 'a company that may not be away', policy: company({ unreachable_hours: 0 }), forMs: hourMs },
    { under: 'tokens of the company’s own', policy: resourceServer, forMs: 24 * hourMs },
  ])('opens nothing any more once nobody confirmed the person for $forMs ms under $under', async ({ policy, forMs }) => {
    expect(await opens(policy, {}, forMs - 1)).toBeDefined();
    expect(await opens(policy, {}, forMs)).toBeUndefined();
  });
});
