import { type ClaimReading, readClaims } from '../../identity/claims.ts';
import { accountId, type PeopleStore, type Person, readAccountId } from '../../identity/people.ts';
import type { Secrets } from '../../identity/secrets.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { Accounts } from '../accounts.ts';
import { noteChange, openToken, sealToken } from './admit.ts';
import { claimAsking, type KeptAsked, keepAsked } from './asking.ts';
import type { Company } from './company.ts';
import type { NoteSignIn } from './events.ts';
import { ProviderProblem } from './provider-problem.ts';

/** What people are checked again with. */
export interface Rechecking {
  people: PeopleStore;
  secrets: Secrets;
  clock: Clock;
  log: Log;
  note: NoteSignIn;
  reading: ClaimReading;
  /** Who vouches for people now; whoever came in by another provider signs in again. */
  issuer: string;
  /** Absent where people are local and nobody has to be asked. */
  company?: Company;
  /** How long somebody stays whom the provider did not confirm, since it last did. */
  unconfirmedMs: number;
}

/** The people of one provider, as the authorization server asks about them. */
export function createAccounts(settings: Rechecking): Accounts {
  const { people, reading, issuer } = settings;
  const underWay = new Map<string, Promise<Person | undefined>>();

  async function current(id: string): Promise<Person | undefined> {
    const name = readAccountId(id);
    const person = name && (await people.find(name.org, name.subject));
    if (person === undefined || person.disabledAt !== undefined || person.endedAt !== undefined) return undefined;
    return person.issuer === issuer && reading.roles.includes(person.role) ? person : undefined;
  }

  return {
    current,
    recheck(id) {
      // The provider may take each refresh token once only: two programs that refresh at once must not send the same one twice.
      const asked =
        underWay.get(id) ??
        current(id)
          .then((person) => person && checkAgain(settings, person))
          .then((person) => person && current(id)) // disabled meanwhile, here
          .finally(() => underWay.delete(id));
      underWay.set(id, asked);
      return asked;
    },
  };
}

/** The person as the provider sees it now; undefined when it lets nobody in any more. */
async function checkAgain(settings: Rechecking, person: Person): Promise<Person | undefined> {
  const { company, people, secrets, clock } = settings;
  if (company === undefined) return person;
  const token = openToken(secrets, person);
  if (token === undefined) return unconfirmed(settings, person, 'the provider gave no refresh token');
  const asking = await claimAsking({ people, clock }, person);
  if (!asking.isOurs) return asking.person;
  const kept = keepAsked(people, asking.person);
  try {
    return await askAgain({ ...settings, company }, kept, token);
  } finally {
    await kept.release();
  }
}

async function askAgain(
  settings: Rechecking & { company: Company },
  { person, store }: KeptAsked,
  token: string,
): Promise<Person | undefined> {
  const { company, secrets, clock, note, reading } = settings;
  const account = accountId(person);

  async function end(reason: string): Promise<undefined> {
    await note({ event: 'sign_in_denied', account, reason });
    await store({ endedAt: clock.now(), sealedRefreshToken: undefined, askedUntil: undefined });
  }

  try {
    const claims = await company.recheck(token, person.upstreamSubject, async (next) => {
      await store({ sealedRefreshToken: sealToken(secrets, next) });
    });
    if (claims === undefined) return unconfirmed(settings, person, 'the provider sends no ID token at a refresh');
    const claimed = readClaims(claims, reading);
    if (accountId(claimed) !== account) return await end('other_organisation');
    // Name and address stay as they were: some providers leave them out of the ID tokens of a refresh.
    const { role, groups } = claimed;
    const now = { role, groups, checkedAt: clock.now() };
    await noteChange(note, person, { ...person, ...now }, {});
    return await store({ ...now, askedUntil: undefined });
  } catch (problem) {
    if (problem instanceof ProviderProblem) {
      if (problem.kind === 'ended' || problem.kind === 'refused') return await end(problem.code);
      return unconfirmed(settings, person, problem.message);
    }
    if (problem instanceof Refusal && problem.code === 'org_access_denied') return await end(problem.code);
    throw problem;
  }
}

function unconfirmed({ clock, log, unconfirmedMs }: Rechecking, person: Person, why: string): Person | undefined {
  const leftMs = person.checkedAt + unconfirmedMs - clock.now();
  const leftHours = Math.max(0, leftMs / 3_600_000);
  log.warn({ account: accountId(person), reason: why, leftHours }, 'a person could not be checked again');
  return leftMs > 0 ? person : undefined;
}
