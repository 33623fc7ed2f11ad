import type { Claims } from '../../identity/claim-values.ts';
import { type Claimed, type ClaimReading, readClaims } from '../../identity/claims.ts';
import { accountId, type PeopleStore, type Person } from '../../identity/people.ts';
import { isAccountOf, otherAccount } from '../../identity/same-account.ts';
import { savePerson } from '../../identity/save-person.ts';
import type { Secrets } from '../../identity/secrets.ts';
import type { Clock } from '../../lib/clock.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { NoteSignIn, Origins } from './events.ts';

/** What people are let in with. */
export interface Admission {
  people: PeopleStore;
  secrets: Secrets;
  clock: Clock;
  note: NoteSignIn;
  reading: ClaimReading;
}

/** Upstream refresh tokens are sealed for this and opened for nothing else. */
const sealedFor = 'upstream-token';

/**
 * Somebody who proved at the provider who they are comes in: their claims are read, and the person is stored as they are now. Refuses
 * with `org_access_denied` whoever has no role here, was disabled here, or has the name of another account; all are recorded.
 */
export async function admit(
  { people, secrets, clock, note, reading }: Admission,
  told: { issuer: string; claims: Claims; refreshToken?: string },
  about: Origins & { clientId: string },
): Promise<Person> {
  let claimed: Claimed;
  try {
    claimed = readClaims(told.claims, reading);
  } catch (refusal) {
    if (refusal instanceof Refusal) {
      await note({ event: 'sign_in_denied', reason: refusal.code, after: refusal.details.data, ...about });
    }
    throw refusal;
  }
  const account = accountId(claimed);
  const { issuer } = told;
  const { upstreamSubject } = claimed;
  return savePerson(people, claimed, async (known) => {
    if (known?.disabledAt !== undefined) {
      await note({ event: 'sign_in_denied', account, reason: 'disabled', ...about });
      throw disabled(known);
    }
    if (known !== undefined && !isAccountOf(known, { issuer, upstreamSubject })) {
      const before = { issuer: known.issuer, upstreamSubject: known.upstreamSubject };
      const after = { issuer, upstreamSubject };
      await note({ event: 'sign_in_denied', account, reason: 'other_account', before, after, ...about });
      throw otherAccount(known);
    }
    const now = clock.now();
    // Some providers hand out a refresh token at the first sign-in only.
    const sealed = told.refreshToken === undefined ? known?.sealedRefreshToken : sealToken(secrets, told.refreshToken);
    const person: Person = {
      ...claimed,
      issuer,
      ...{ firstSeenAt: known?.firstSeenAt ?? now, signedInAt: now, checkedAt: now },
      ...(sealed === undefined ? {} : { sealedRefreshToken: sealed }),
    };
    if (known !== undefined) await noteChange(note, known, person, about);
    await note({ event: 'sign_in', account, after: rightsOf(person), ...about });
    return person;
  });
}

/** Records that somebody's role or groups are others than before, where they are. */
export async function noteChange(note: NoteSignIn, before: Person, after: Person, about: Origins): Promise<void> {
  const [old, now] = [rightsOf(before), rightsOf(after)];
  if (JSON.stringify(old) === JSON.stringify(now)) return;
  await note({ event: 'role_changed', account: accountId(after), before: old, after: now, ...about });
}

/** A refresh token of the provider as it is stored. */
export function sealToken(secrets: Secrets, token: string): string {
  return secrets.seal(sealedFor, token);
}

/** The same as the provider takes it; undefined when there is none, or none that this master secret opens. */
export function openToken(secrets: Secrets, { sealedRefreshToken: sealed }: Person): string | undefined {
  return sealed === undefined ? undefined : secrets.open(sealedFor, sealed);
}

function rightsOf({ role, groups }: Person): Record<string, unknown> {
  return { role, groups };
}

function disabled({ name }: Person): Refusal {
  return new Refusal({
    code: 'org_access_denied',
    message: `${name} was shut out of this Sidelight by its operator.`,
    next: 'Ask the operator, who can let you in again with `sidelight people enable`.',
  });
}
