import type { AuditStore } from '../../audit/record.ts';
import { nobodysOrg } from '../../audit/turned-away.ts';
import { type PeopleStore, readAccountId } from '../../identity/people.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/id.ts';
import type { NoteSignIn } from './events.ts';

interface Noting {
  audit: AuditStore;
  people: Pick<PeopleStore, 'find'>;
  clock: Clock;
}

/** Writes sign-ins into the audit trail, with the role that the person has by them. */
export function noteSignIns({ audit, people, clock }: Noting): NoteSignIn {
  return async ({ event, account, requestId, ...facts }) => {
    const named = account === undefined ? undefined : readAccountId(account);
    const role = facts.after?.role ?? (named && (await people.find(named.org, named.subject))?.role);
    await audit.append({
      requestId: requestId ?? newId('req'),
      at: clock.now(),
      org: named?.org ?? nobodysOrg,
      subject: named?.subject ?? 'unknown',
      role: typeof role === 'string' ? role : 'none',
      auth: named === undefined ? 'none' : 'person',
      event,
      decision: event === 'sign_in_denied' ? 'refused' : 'allowed',
      ...facts,
    });
  };
}
