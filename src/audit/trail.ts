import type { Principal } from '../identity/principal.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { AuditRecord, AuditStore } from './record.ts';

/** The one record of a call, filled while it runs. */
export interface AuditTrail {
  /** Adds facts about what is reached. Never values. */
  note(facts: Pick<AuditRecord, 'target' | 'hits'>): void;
  /** Writes the record. Throws `unavailable` when it cannot be written: an answer nobody can account for is not given. */
  close(decision: AuditRecord['decision'], facts: Pick<AuditRecord, 'reason' | 'redacted'>): Promise<void>;
}

interface Called {
  tool: string;
  requestId: string;
  client?: string;
  address?: string;
}

/** Opens the record of one tool call. */
export function openTrail(store: AuditStore, clock: Clock, principal: Principal, called: Called, policyHash: string): AuditTrail {
  const at = clock.now();
  const startedMs = clock.monotonic();
  const noted: Pick<AuditRecord, 'target' | 'hits'> = {};
  let written = false;
  return {
    note({ target, hits }) {
      if (target !== undefined) noted.target = { ...noted.target, ...target };
      if (hits !== undefined) noted.hits = hits;
    },
    async close(decision, facts) {
      if (written) return;
      const { tool, requestId, client, address } = called;
      const { org, subject, role, kind } = principal;
      try {
        await store.append({
          ...{ requestId, at, org, subject, role, auth: kind, event: 'tool_call', tool, decision, policyHash, client, address },
          ...noted,
          ...facts,
          durationMs: Math.round(clock.monotonic() - startedMs),
        });
        written = true;
      } catch (cause) {
        const refusal = new Refusal({
          code: 'unavailable',
          message: 'The call could not be recorded in the audit trail, so its answer is withheld.',
          next: 'Try again in a moment; if it stays so, the bridge cannot reach its storage.',
        });
        refusal.cause = cause;
        throw refusal;
      }
    },
  };
}
