import type { AuditRecord } from '../audit/record.ts';
import type { Administrator } from '../authorization/administer.ts';
import { type AppEnding, type AppPermit, unknownApp } from '../authorization/administer-apps.ts';
import { type ConnectedApp, type Grants, maxListed } from './grants.ts';

/** Connected apps as they are told, newest first. */
export interface ListedApps {
  apps: ConnectedApp[];
  /** Set when the list is as long as one can be, and there may be more. */
  isCut?: true;
}

/** The apps that the permit reaches; of one person where one is named. */
export async function listApps(grants: Pick<Grants, 'list'>, permit: AppPermit, person: string | undefined): Promise<ListedApps> {
  const apps = await grants.list(permit.org, permit.lists(person));
  return { apps, ...(apps.length === maxListed && { isCut: true as const }) };
}

/**
 * Ends an app with its next request, and what runs with it at once. It ends even when that cannot be recorded; then the refusal
 * `unavailable` says that it did.
 */
export async function endApp(
  grants: Pick<Grants, 'revoke'>,
  { by, app: { org, id } }: AppEnding,
  asked: Pick<AuditRecord, 'address' | 'client'> & { requestId: string },
): Promise<void> {
  if (!(await grants.revoke(org, id, { by: recordedAs(by), ...asked }))) throw unknownApp(id);
}

/** Who asked, in the words of the audit trail. */
export function recordedAs(by: Administrator): Pick<AuditRecord, 'subject' | 'role' | 'auth' | 'credential'> {
  return by.kind === 'operator'
    ? { subject: 'operator', role: 'operator', auth: 'console' }
    : { subject: by.subject, role: by.role, auth: by.kind, credential: by.credentialId };
}
