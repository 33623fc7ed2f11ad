import type { AuditRecord } from '../../audit/record.ts';

/** What happens while people sign in and is told to the audit trail. Never a token, nor a claim beside the one that decided. */
export interface SignInEvent {
  event: 'sign_in' | 'sign_in_denied' | 'role_changed';
  /** `accountId()` of the person; absent where claims make nobody of them. */
  account?: string;
  clientId?: string;
  /** Code of a refusal, or the provider's word for it. */
  reason?: string;
  before?: AuditRecord['before'];
  after?: AuditRecord['after'];
  requestId?: string;
  address?: string;
}

/** Records an event. Somebody whose sign-in cannot be recorded does not come in, so this rejects. */
export type NoteSignIn = (event: SignInEvent) => Promise<void>;

/** Where a request came from, as events and the log tell it. */
export interface Origins {
  requestId?: string;
  address?: string;
}
