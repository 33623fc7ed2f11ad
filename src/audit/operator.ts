import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import type { AuditEvent } from './events.ts';
import type { AuditRecord, AuditStore } from './record.ts';

/** What is recorded of an operator's change beside who, when and what. */
type Facts = Partial<Pick<AuditRecord, 'decision' | 'reason' | 'before' | 'after'>>;

/** Records of what an operator does with access to the data. */
export interface OperatorTrail {
  /** Throws `unavailable` when it cannot be written; call it before a change that gives somebody something. */
  record(event: AuditEvent, org: string, subject: string, facts?: Facts): Promise<void>;
  /** For what must not wait for a record, such as a revocation: call it after the change. Says loudly that the record is missing. */
  recordDone(event: AuditEvent, org: string, subject: string, done: string): Promise<void>;
}

/** The trail of one order. */
export function operatorTrail({ audit, clock, log }: { audit: AuditStore; clock: Clock; log: Log }): OperatorTrail {
  const requestId = newId('op');
  const append = (event: AuditEvent, org: string, subject: string, facts: Facts) =>
    audit.append({
      ...{ requestId, at: clock.now(), org, subject, role: 'operator', auth: 'console', event, decision: 'allowed' },
      ...facts,
    });
  return {
    record: (event, org, subject, facts = {}) =>
      append(event, org, subject, facts).catch((cause: unknown) => {
        throw unrecorded('Nothing was changed, because it could not be recorded in the audit trail.', cause);
      }),
    recordDone: (event, org, subject, done) =>
      append(event, org, subject, {}).catch((cause: unknown) => {
        log.error({ err: cause, event, org, subject, requestId }, 'a change was made that could not be recorded');
        throw unrecorded(`${done} That could not be recorded in the audit trail.`, cause);
      }),
  };
}

function unrecorded(message: string, cause: unknown): Refusal {
  const refusal = new Refusal({
    code: 'unavailable',
    message,
    next: 'See the log and the database of the bridge; note by hand what was done meanwhile.',
  });
  refusal.cause = cause;
  return refusal;
}
