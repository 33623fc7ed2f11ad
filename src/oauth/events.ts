import type { AuditRecord } from '../audit/record.ts';

/** What happens in the authorization server and is told to the audit trail. Never a token, a code or a secret. */
export interface OAuthEvent {
  event:
    | 'client_registered'
    | 'client_document_fetched'
    | 'consent_given'
    | 'consent_denied'
    | 'token_issued'
    | 'token_refreshed'
    | 'token_reused_in_window'
    | 'token_reuse_detected'
    | 'token_revoked'
    | 'grant_revoked';
  /** Set where what may be allowed was not this time. */
  isRefused?: boolean;
  /** `accountId()` of the person, where one is known. */
  account?: string;
  clientId?: string;
  grantId?: string;
  /** `tokenRef()` of the token it is about. */
  tokenRef?: string;
  scopes?: string[];
  /** Why, in a word, where something was refused or taken back. */
  reason?: string;
  /** Who did it, where that is not the person. */
  by?: Pick<AuditRecord, 'subject' | 'role' | 'auth' | 'credential'>;
  /** What was taken away, as it was. */
  before?: Record<string, unknown>;
  requestId?: string;
  address?: string;
  client?: string | undefined;
}

/** Records an event. An answer whose events cannot be recorded is not given, so this rejects. */
export type NoteEvent = (event: OAuthEvent) => Promise<void>;
