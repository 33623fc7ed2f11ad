import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { KeyStore } from './keys.ts';
import { accountId, type PeopleStore } from './people.ts';

/** Asked again after this, so that with a turn every ten minutes nobody goes unchecked for an hour. */
const askAfterMs = 45 * 60_000;

interface OwnerChecks {
  keys: Pick<KeyStore, 'liveOwners'>;
  people: Pick<PeopleStore, 'find'>;
  /** Asks the provider about a person, by `accountId()`, and stores what it says. */
  recheck(account: string): Promise<unknown>;
  clock: Clock;
  log: Log;
}

/**
 * Asks the provider about people with live keys whom it has not confirmed lately, because nobody refreshes a key. One after the other: a
 * provider that is slow is not asked more by that. Whom it gave no refresh token it cannot be asked about.
 */
export function createOwnerChecks({ keys, people, recheck, clock, log }: OwnerChecks): () => Promise<void> {
  let askedAt = new Map<string, number>();
  return async () => {
    const asked = new Map<string, number>();
    for (const { org, owner } of await keys.liveOwners(clock.now())) {
      const account = accountId({ org, subject: owner });
      const person = await people.find(org, owner);
      const isOut = person === undefined || person.disabledAt !== undefined || person.endedAt !== undefined;
      if (isOut || person.sealedRefreshToken === undefined) continue;
      const lastAt = Math.max(person.checkedAt, askedAt.get(account) ?? 0);
      asked.set(account, lastAt);
      if (clock.now() - lastAt < askAfterMs) continue;
      asked.set(account, clock.now());
      // One of them must not keep the others from being asked.
      await recheck(account).catch((problem: unknown) => {
        log.error({ err: problem, account }, 'the owner of a key could not be checked again');
      });
    }
    askedAt = asked;
  };
}
