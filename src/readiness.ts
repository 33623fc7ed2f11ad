import type { PoliciesInForce } from './authorization/in-force.ts';
import type { Membership } from './replicas/membership.ts';
import type { Storage } from './storage/open.ts';
import type { Readiness } from './tools/tool.ts';

interface Asked {
  storage: Pick<Storage, 'state'>;
  membership: Pick<Membership, 'isHeld' | 'isOnTime'>;
  inForce: Pick<PoliciesInForce, 'status'>;
}

/**
 * Whether this bridge can take calls. Policy files that cannot be taken are told and take no bridge out of service: those before stay in
 * force, and every replica reads the same files, so that one slip would take all of them out.
 */
export async function readiness({ storage, membership, inForce }: Asked): Promise<Readiness> {
  const { database, schema } = await storage.state();
  const [lease, clock] = [membership.isHeld(), membership.isOnTime()];
  const policies = inForce.status().refused === undefined;
  return { ok: database && schema && lease && clock, checks: { database, schema, lease, clock, policies } };
}
