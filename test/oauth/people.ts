import type { Middleware } from 'koa';
import { accountId, type Person } from '../../src/identity/people.ts';
import type { Role, Scope } from '../../src/identity/principal.ts';
import type { SignIn } from '../../src/oauth/open.ts';

/** People without a provider behind them: whoever is `next` is signed in, and consents to whatever was asked unless told otherwise. */
export interface TestPeople extends SignIn {
  /** Account id of whoever sits at the browser. */
  next: string;
  /** What is consented to; undefined: all that was asked. An empty list is a denial. */
  consents: Scope[] | undefined;
  /** What the consent page was told, last. */
  shown: unknown;
  /** Refreshes that asked for a person. */
  rechecked: string[];
  change(id: string, changes: Partial<Person>): void;
  /** The provider says at the next refresh that the person is out. */
  dismiss(id: string): void;
}

export const alice = accountId({ org: 'default', subject: 'user:alice' });
export const bob = accountId({ org: 'default', subject: 'user:bob' });

/** Alice and Bob, both developers of the default organisation. */
export function testPeople(): TestPeople {
  const people = new Map(['alice', 'bob'].map((name) => [accountId({ org: 'default', subject: `user:${name}` }), person(name)]));
  const dismissed = new Set<string>();
  const allowed = (id: string) => {
    const found = people.get(id);
    return found?.disabledAt === undefined ? found : undefined;
  };
  const door: TestPeople = {
    next: alice,
    consents: undefined,
    shown: undefined,
    rechecked: [],
    change(id, changes) {
      people.set(id, { ...(people.get(id) as Person), ...changes });
    },
    dismiss: (id) => void dismissed.add(id),
    accounts: {
      current: async (id) => allowed(id),
      async recheck(id) {
        door.rechecked.push(id);
        return dismissed.has(id) ? undefined : allowed(id);
      },
    },
    pages({ interactions }): Middleware {
      return async (ctx, next) => {
        const [, uid] = /^\/oauth\/interaction\/([^/]+)$/.exec(ctx.path) ?? [];
        if (uid === undefined) return next();
        const interaction = await interactions.read(ctx, uid);
        if (interaction.step === 'sign_in') return interactions.signedIn(ctx, uid, people.get(door.next) as Person);
        door.shown = interaction;
        const given = door.consents ?? interaction.scopes;
        if (given.length === 0) return interactions.deny(ctx, uid, 'access_denied', 'The person said no.');
        return interactions.consent(ctx, uid, given);
      };
    },
    showError(ctx, { error, description }) {
      ctx.body = { error, description };
    },
  };
  return door;
}

function person(name: string, role: Role = 'developer'): Person {
  return {
    org: 'default',
    subject: `user:${name}`,
    issuer: 'https://login.example.com',
    upstreamSubject: name,
    name,
    role,
    groups: ['everyone'],
    firstSeenAt: 1,
    signedInAt: 1,
    checkedAt: 1,
  };
}
