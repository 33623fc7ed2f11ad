import type { PeopleStore, Person } from '../../identity/people.ts';
import type { Clock } from '../../lib/clock.ts';

/** Longer than any answer of a provider takes; after it, a bridge that died while it asked keeps nobody from asking. */
export const askingMs = 60_000;
/** How often a bridge looks whether the one that asks is done. */
const lookMs = 200;

/** Whether we are to ask about this person; where not, who is stored: as another bridge left them, disabled, or nobody. */
export type Asking = { isOurs: true; person: Person } | { isOurs: false; person: Person | undefined };

/**
 * Makes one of many bridges the one that asks the provider about a person: a provider that exchanges refresh tokens takes one that comes
 * twice for a theft and ends the sign-in. The others wait, and go by what it was told.
 */
export async function claimAsking(
  { people, clock }: { people: Pick<PeopleStore, 'find' | 'save'>; clock: Clock },
  person: Person,
): Promise<Asking> {
  for (;;) {
    const stored = await people.find(person.org, person.subject);
    if (stored === undefined || stored.disabledAt !== undefined) return { isOurs: false, person: stored };
    if ((stored.askedUntil ?? 0) > clock.now()) {
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
      continue;
    }
    if (isOther(stored, person)) return { isOurs: false, person: stored };
    const claimed = { ...stored, askedUntil: clock.now() + askingMs };
    if (await people.save(claimed, stored)) return { isOurs: true, person: claimed };
  }
}

/** Whether the person was asked about, ended or signed in since. */
function isOther(stored: Person, { sealedRefreshToken, checkedAt, signedInAt, endedAt }: Person): boolean {
  return (
    stored.sealedRefreshToken !== sealedRefreshToken ||
    stored.checkedAt !== checkedAt ||
    stored.signedInAt !== signedInAt ||
    stored.endedAt !== endedAt
  );
}

/** A person we ask the provider about, and how what it says is stored. */
export interface KeptAsked {
  person: Person;
  /**
   * Stores what changed, on top of what an operator did meanwhile. Stores nothing once a sign-in, or a bridge that took our place, stored
   * something newer, or nobody has the name any more; the answer is who is stored.
   */
  store(changes: Partial<Person>): Promise<Person | undefined>;
  /** Others may ask from now on. */
  release(): Promise<void>;
}

/** Keeps somebody whom `claimAsking` gave us. */
export function keepAsked(people: Pick<PeopleStore, 'find' | 'save'>, person: Person): KeptAsked {
  let latest = person;

  async function store(changes: Partial<Person>): Promise<Person | undefined> {
    for (;;) {
      const next = { ...latest, ...changes };
      if (await people.save(next, latest)) {
        latest = next;
        return latest;
      }
      const stored = await people.find(person.org, person.subject);
      if (stored === undefined || isOther(stored, latest) || stored.askedUntil !== latest.askedUntil) return stored;
      latest = stored;
    }
  }

  return {
    person,
    store,
    async release() {
      if (latest.askedUntil !== undefined) await store({ askedUntil: undefined });
    },
  };
}
