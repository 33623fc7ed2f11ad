import { Refusal } from '../lib/refusal.ts';
import type { Person } from './people.ts';

/** What tells accounts at providers apart: who vouches, and under which name there. Other claims can pass from one person to another. */
export type Account = Pick<Person, 'issuer' | 'upstreamSubject'>;

/** Whether a person is known by this account. */
export function isAccountOf(person: Account, { issuer, upstreamSubject }: Account): boolean {
  return person.issuer === issuer && person.upstreamSubject === upstreamSubject;
}

/** No, because the name belongs to another account: who takes it over would take over keys, apps and a past in the audit trail. */
export function otherAccount({ subject }: Pick<Person, 'subject'>): Refusal {
  const name = subject.replace(/^user:/, '');
  return new Refusal({
    code: 'org_access_denied',
    message: `The name ${JSON.stringify(name)} is known here for another account, of this provider or of one before it.`,
    next: 'Ask the operator, who can free the name with `sidelight people forget`; its keys and connected apps end with that.',
  });
}
