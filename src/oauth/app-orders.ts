import { z } from 'zod';
import { administerApps } from '../authorization/administer-apps.ts';
import { subjectNamed } from '../identity/people.ts';
import { newId } from '../lib/id.ts';
import { endApp, type ListedApps, listApps } from './apps.ts';
import type { Grants } from './grants.ts';

/** What orders about connected apps are carried out with. */
export interface AppsOrdered {
  grants: Grants;
  read<T extends z.ZodType>(schema: T, input: unknown): z.output<T>;
}

const inOrg = z.object({ org: z.string().min(1).max(64) });
const listing = inOrg.extend({ person: z.string().min(1).max(300).optional() });
const named = inOrg.extend({ id: z.string().min(1).max(64) });

/** What an operator with access to the data may order about connected apps: which there are, and the end of one. */
export function appOrders({ grants, read }: AppsOrdered) {
  const permitOf = (org: string) => administerApps({ kind: 'operator', org });
  return {
    'apps.list'(input: Record<string, unknown>): Promise<ListedApps> {
      const { org, person } = read(listing, input);
      return listApps(grants, permitOf(org), person && subjectNamed(person));
    },

    async 'apps.revoke'(input: Record<string, unknown>): Promise<void> {
      const { org, id } = read(named, input);
      await endApp(grants, permitOf(org).end(await grants.find(org, id), id), { requestId: newId('op') });
    },
  };
}
