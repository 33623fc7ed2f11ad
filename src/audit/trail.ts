import type { Principal } from '../identity/principal.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { argumentsHash } from './arguments-hash.ts';
import type { AuditRecord, AuditStore } from './record.ts';

/** The record of a call, filled while it runs. */
export interface AuditTrail {
  /** Adds facts about what is reached. Never values. */
  note(facts: Pick<AuditRecord, 'target' | 'hits'>): void;
  /** The record of the action this call is about to place, with what was noted so far. Storage writes it with the action. */
  placing(action: { id: string; investigation: string }): AuditRecord;
  /** Writes the record. Throws `unavailable` when it cannot be written: an answer nobody can account for is not given. */
  close(decision: AuditRecord['decision'], facts: Pick<AuditRecord, 'reason' | 'redacted' | 'resultBytes'>): Promise<void>;
}

interface Called {
  tool: string;
  arguments: unknown;
  requestId: string;
  rpcId?: string;
  client?: string;
  address?: string;
}

/** Opens the record of one tool call. */
export function openTrail(store: AuditStore, clock: Clock, principal: Principal, called: Called, policyHash: string): AuditTrail {
  const startedMs = clock.monotonic();
  const noted: Pick<AuditRecord, 'target' | 'hits'> = {};
  const { tool, requestId, rpcId, client, address } = called;
  const { org, subject, role, kind } = principal;
  const who = { org, subject, role, auth: kind, ...credentialOf(principal), client, address };
  const asked = { requestId, rpcId, tool, argumentsHash: argumentsHash(called.arguments) };
  const head = { at: clock.now(), ...who, ...asked, policyHash };
  let written = false;
  function note({ target, hits }: Pick<AuditRecord, 'target' | 'hits'>): void {
    if (target !== undefined) noted.target = { ...noted.target, ...target };
    if (hits !== undefined) noted.hits = hits;
  }
  return {
    note,
    placing({ id, investigation }) {
      note({ target: { actionId: id, investigation } });
      return { ...head, event: 'action_placed', decision: 'allowed', ...noted };
    },
    async close(decision, facts) {
      if (written) return;
      try {
        const durationMs = Math.round(clock.monotonic() - startedMs);
        await store.append({ ...head, event: 'tool_call', decision, ...noted, ...facts, durationMs });
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

/** What a caller came with, by names that are no secrets. A person's credential is the grant that the token belongs to. */
function credentialOf({ kind, credentialId, clientId, tokenRef }: Principal) {
  return { ...(kind === 'person' ? { grant: credentialId } : { credential: credentialId }), clientId, tokenReference: tokenRef };
}
