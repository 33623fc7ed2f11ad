import { describe, expect, it } from 'vitest';
import type { KeyRecord } from '../../src/identity/keys.ts';
import { createLeases, type Lease } from '../../src/identity/lease.ts';
import { principal, refusalOf } from '../authorization/world.ts';
import { createTestClock } from '../helpers/clock.ts';

const start = Date.UTC(2026, 0, 1);
const days = 86_400_000;

function world() {
  const key: KeyRecord = {
    ...{ id: 'k1', kind: 'api', org: 'default', name: 'n', owner: 'o', hash: '' },
    createdAt: start,
    expiresAt: start + 300 * days,
  };
  const stored = new Map([[key.id, key]]);
  const clock = createTestClock(start);
  const leases = createLeases({ keys: { find: async (id) => stored.get(id) }, clock });
  /** A call under way, and how to end it. */
  function callOf(credentialId: string | undefined, expiresAt = key.expiresAt, caller = new AbortController().signal) {
    let lease: Lease | undefined;
    let end = () => {};
    const done = leases.during(principal({ credentialId, expiresAt }), caller, (given) => {
      lease = given;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    return {
      lease: lease as unknown as Lease,
      end: () => {
        end();
        return done;
      },
    };
  }
  return { key, stored, clock, leases, callOf };
}

describe('a call under way', () => {
  it('ends with the key it came with, and no other does', async () => {
    const { leases, callOf } = world();
    const [mine, mineToo, other, personal] = [callOf('k1'), callOf('k1'), callOf('k2'), callOf(undefined)];
    leases.revoked('k1');
    for (const { lease } of [mine, mineToo]) {
      expect(lease.signal.reason).toMatchObject({ code: 'invalid_token' });
      expect((await refusalOf(() => lease.confirm())).code).toBe('invalid_token');
    }
    for (const { lease } of [other, personal]) {
      expect(lease.signal.aborted).toBe(false);
      await lease.confirm();
    }
    for (const call of [mine, mineToo, other, personal]) await call.end();
  });

  it('ends when its key expires', async () => {
    const { clock, callOf } = world();
    const call = callOf('k1', start + 5_000);
    clock.advance(4_999);
    expect(call.lease.signal.aborted).toBe(false);
    clock.advance(1);
    expect((await refusalOf(() => call.lease.confirm())).code).toBe('invalid_token');
    await call.end();
  });

  it.each([
    { what: 'was revoked elsewhere', change: (key: KeyRecord) => ({ ...key, revokedAt: start + 1 }) },
    { what: 'was made to end by a rotation elsewhere', change: (key: KeyRecord) => ({ ...key, expiresAt: start + 1 }) },
    { what: 'is gone', change: () => undefined },
  ])('is not confirmed when its key $what, once it took longer than a second', async ({ change }) => {
    const { key, stored, clock, callOf } = world();
    const call = callOf('k1');
    const changed = change(key);
    if (changed === undefined) stored.delete('k1');
    else stored.set('k1', changed);
    await call.lease.confirm();
    clock.advance(1_000);
    expect((await refusalOf(() => call.lease.confirm())).code).toBe('invalid_token');
    await call.end();
  });

  it('is confirmed while its key is good, and when its caller left it ends with the reason of that', async () => {
    const { clock, callOf } = world();
    const caller = new AbortController();
    const call = callOf('k1', undefined, caller.signal);
    clock.advance(600_000);
    await call.lease.confirm();
    caller.abort('left');
    expect(call.lease.signal.reason).toBe('left');
    await call.lease.confirm();
    await call.end();
  });
});

describe('what a person began with a token', () => {
  const person = { kind: 'person', org: 'default', subject: 'user:alice', credentialId: 'grant_1' } as const;
  const never = new AbortController().signal;

  function people() {
    const clock = createTestClock(start);
    const state = { good: true };
    const leases = createLeases({ keys: { find: async () => undefined }, clock, tokens: { isGood: async () => state.good } });
    return { clock, state, leases };
  }

  it.each(['grant_1', 'default/user:alice'])('ends with %s', async (name) => {
    const { leases } = people();
    await leases.during(principal(person), never, async (lease) => {
      leases.revoked('grant_2');
      leases.revoked('acme/user:alice');
      await lease.confirm();
      leases.revoked(name);
      expect((await refusalOf(() => lease.confirm())).code).toBe('invalid_token');
    });
  });

  it('is not confirmed once the token is no longer good, when it took longer than a second', async () => {
    const { clock, state, leases } = people();
    await leases.during(principal(person), never, async (lease) => {
      clock.advance(1_000);
      await lease.confirm();
      state.good = false;
      expect((await refusalOf(() => lease.confirm())).code).toBe('invalid_token');
    });
  });
});
