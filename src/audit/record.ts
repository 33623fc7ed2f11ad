/** One record for each decision. It never holds a captured value, a secret or a token. */
export interface AuditRecord {
  requestId: string;
  at: number;
  org: string;
  subject: string;
  role: string;
  /** How the caller proved who it is. */
  auth: 'api_key' | 'person' | 'console' | 'none';
  /**
   * `tool_call`; `action_placed`, stored with the action, so that a call that never came to its end left a trace too;
   * `calls_refused`, one for many; `key_created`, `key_revoked`, `key_rotated`, `agent_connected`, `agent_disconnected`,
   * `agents_paused`, `agents_resumed`; `agent_refused` and `caller_refused`, of somebody who was not let in.
   */
  event: string;
  /** As the caller wrote it, cut. */
  tool?: string;
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
  };
  /** Values hidden, by rule. */
  redacted?: Record<string, number>;
  hits?: number;
  /** Calls that `calls_refused` stands for, by the code of their refusal. */
  refusals?: Record<string, number>;
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
