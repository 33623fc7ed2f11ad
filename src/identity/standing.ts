import type { Clock } from '../lib/clock.ts';
import type { IdentityPolicy } from './identity-policy.ts';
import type { Person } from './people.ts';

/** Who vouches for people while there is no company provider: whoever can use the terminal of this machine. */
export const localIssuer = 'local';

const hourMs = 3_600_000;
/** People with keys are checked at the company at least so often. */
const betweenChecksMs = hourMs;
/** With tokens of the company's own nobody can be asked about a person; their own tokens say that they are still there. */
const unseenMs = 24 * hourMs;

/** Whether somebody who signed in once is still one of those who may, as far as is known here. */
export type Standing = (person: Person) => boolean;

/** Whoever is not shut out: all that can be said where no bridge runs, and so nobody knows its policy. */
export const notShutOut: Standing = ({ disabledAt, endedAt }) => disabledAt === undefined && endedAt === undefined;

/**
 * Whoever the provider of this policy vouches for, in a role that signs in, and confirmed not too long ago. People of a provider of before
 * are nobody until they sign in at this one.
 */
export function standingUnder(policy: IdentityPolicy, clock: Clock): Standing {
  const { issuer, confirmedForMs } = vouching(policy);
  return (person) =>
    notShutOut(person) &&
    person.issuer === issuer &&
    policy.sign_in.roles.includes(person.role) &&
    clock.now() - person.checkedAt < confirmedForMs;
}

/** Who vouches, and for how long after. Who has the terminal needs no confirmation, and nobody could give it. */
function vouching({ mode, company, resource_server: own }: IdentityPolicy): { issuer?: string; confirmedForMs: number } {
  if (mode === 'local') return { issuer: localIssuer, confirmedForMs: Number.POSITIVE_INFINITY };
  if (mode === 'resource_server') return { issuer: own?.issuer, confirmedForMs: unseenMs };
  return { issuer: company?.issuer, confirmedForMs: betweenChecksMs + (company?.unreachable_hours ?? 0) * hourMs };
}
