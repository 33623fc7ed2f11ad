import type { ReloadEffects } from '../authorization/in-force.ts';
import type { SeededKeys } from '../identity/issue.ts';
import type { KeyRecord } from '../identity/keys.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import type { AuditRecord, AuditStore } from './record.ts';
import { nobodysOrg } from './turned-away.ts';

const byBridge = { subject: 'bridge', role: 'operator', auth: 'none', decision: 'allowed' } as const;

/** Records by which policy files the bridge decides from now on. A bridge that cannot record does not start. */
export function recordLoaded(audit: AuditStore, clock: Clock, policyHash: string): Promise<void> {
  return audit.append({
    requestId: newId('op'),
    at: clock.now(),
    org: nobodysOrg,
    ...byBridge,
    event: 'policy_loaded',
    policyHash,
  });
}

/** Records that other policy files take effect while the bridge runs. A change that cannot be recorded does not happen. */
function recordReloaded(
  audit: AuditStore,
  clock: Clock,
  { policyHash, before, trigger, changed }: { policyHash: string; before: string; trigger: string; changed: string[] },
): Promise<void> {
  return audit.append({
    ...{ requestId: newId('op'), at: clock.now(), org: nobodysOrg, ...byBridge },
    ...{ event: 'policy_loaded', policyHash, before: { policyHash: before }, after: { policyHash, trigger, changed } },
  });
}

/** Records that changed policy files were not taken; `policyHash` is of those that stay in force, `mistakes` are places. */
function recordPoliciesRefused(
  audit: AuditStore,
  clock: Clock,
  { policyHash, trigger, mistakes }: { policyHash: string; trigger: string; mistakes: string[] },
): Promise<void> {
  return audit.append({
    ...{ requestId: newId('op'), at: clock.now(), org: nobodysOrg, ...byBridge, decision: 'refused', reason: 'invalid_input' },
    ...{ event: 'policy_refused', policyHash, after: { trigger, mistakes } },
  });
}

/** What a change of the policies is recorded by. */
export function recordReloads(audit: AuditStore, clock: Clock): Pick<ReloadEffects, 'record' | 'recordRefused'> {
  return {
    record: (policyHash, before, trigger, changed) => recordReloaded(audit, clock, { policyHash, before, trigger, changed }),
    recordRefused: (policyHash, trigger, mistakes) => recordPoliciesRefused(audit, clock, { policyHash, trigger, mistakes }),
  };
}

/** Records the keys that a first start made. */
export async function recordSeeded(audit: AuditStore, clock: Clock, seeded: SeededKeys | undefined): Promise<void> {
  const requestId = newId('op');
  for (const { record: key } of Object.values(seeded ?? {}) as SeededKeys[keyof SeededKeys][]) {
    const record: AuditRecord = {
      ...{ requestId, at: clock.now(), org: key.org, ...byBridge },
      ...{ event: 'key_created', target: { key: key.id }, after: factsOf(key) },
    };
    await audit.append(record);
  }
}

/** What a key may do, and never its hash. */
function factsOf({ hash: _hash, ...key }: KeyRecord): Record<string, unknown> {
  return key;
}
