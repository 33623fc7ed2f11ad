import type { AuditEvent } from './events.ts';

/** One record for each decision. It never holds a captured value, a secret or a token. */
export interface AuditRecord {
  requestId: string;
  /** The id a JSON-RPC client gave its request, cut. */
  rpcId?: string;
  at: number;
  org: string;
  subject: string;
  role: string;
  /** How the caller proved who it is. */
  auth: 'api_key' | 'person' | 'console' | 'none';
  /** Id of the key; it is public, and after a rotation not the subject's. */
  credential?: string;
  /** OAuth: the client's id, the grant, and the first 12 hex characters of the token's SHA-256. */
  clientId?: string;
  grant?: string;
  tokenReference?: string;
  event: AuditEvent;
  /** As the caller wrote it, cut. */
  tool?: string;
  /** SHA-256 of the arguments as canonical JSON, hex: two calls that asked the same have the same. */
  argumentsHash?: string;
  decision: 'allowed' | 'refused' | 'failed';
  /** The refusal's code. */
  reason?: string;
  policyHash?: string;
  /** Agents reached, file and line, condition and expressions (they are code somebody put into production). */
  target?: {
    service?: string;
    pool?: string;
    agents?: string[];
    file?: string;
    line?: number;
    condition?: string;
    expressions?: string[];
    actionId?: string;
    /** Of a call that reached more than one action. */
    actionIds?: string[];
    /** Of an action that was placed. */
    investigation?: string;
    /** Id of a key that was made, replaced or ended. */
    key?: string;
  };
  /** Values hidden, by rule. */
  redacted?: Record<string, number>;
  hits?: number;
  /** UTF-8 bytes of the answer's text. */
  resultBytes?: number;
  /** Calls that `calls_refused` stands for, by the code of their refusal. */
  refusals?: Record<string, number>;
  /** What an operator or a sign-in changed: how it was and how it is. Never a secret or a hash of one. */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  durationMs?: number;
  address?: string;
  client?: string;
}

/** What the audit trail asks of storage. */
export interface AuditStore {
  append(record: AuditRecord): Promise<void>;
  /** Newest first. */
  recent(org: string, limit: number): Promise<AuditRecord[]>;
}
