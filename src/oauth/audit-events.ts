import type { AuditStore } from '../audit/record.ts';
import { nobodysOrg } from '../audit/turned-away.ts';
import { readAccountId } from '../identity/people.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import type { Accounts } from './accounts.ts';
import type { NoteEvent, OAuthEvent } from './events.ts';

/** Events in which somebody did not get what they asked for. */
const refusals: ReadonlySet<OAuthEvent['event']> = new Set(['consent_denied', 'token_reuse_detected']);

interface Noting {
  audit: AuditStore;
  accounts: Pick<Accounts, 'current'>;
  clock: Clock;
}

/** Writes what happens in the authorization server into the audit trail, with the role its person has now. */
export function noteInAudit({ audit, accounts, clock }: Noting): NoteEvent {
  return async (told) => {
    const { event, isRefused = false, account, by, clientId, grantId, tokenRef, scopes, before, reason } = told;
    const { requestId, address, client } = told;
    const named = account === undefined ? undefined : readAccountId(account);
    const person = account === undefined || by !== undefined ? undefined : await accounts.current(account);
    await audit.append({
      requestId: requestId ?? newId('req'),
      at: clock.now(),
      org: named?.org ?? nobodysOrg,
      subject: named?.subject ?? 'unknown',
      role: person?.role ?? 'none',
      auth: named === undefined ? 'none' : 'person',
      ...by,
      event,
      decision: isRefused || refusals.has(event) ? 'refused' : 'allowed',
      ...(clientId !== undefined && { clientId }),
      ...(grantId !== undefined && { grant: grantId }),
      ...(tokenRef !== undefined && { tokenReference: tokenRef }),
      ...(scopes !== undefined && { after: { scopes } }),
      ...(before !== undefined && { before }),
      ...(reason !== undefined && { reason }),
      ...(address !== undefined && { address }),
      ...(client !== undefined && { client }),
    });
  };
}
