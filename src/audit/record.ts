/** One record for each decision. It never holds a captured value, a secret or a token. */
export interface AuditRecord {
  requestId: string;
  at: number;
  org: string;
  subject: string;
  role: string;
  /** How the caller proved who it is. */
  auth: 'api_key' | 'person' | 'console' | 'none';
  /** `tool_call`, `key_created`, `key_revoked`, `key_rotated`, `agent_connected`, `agent_refused`, … */
  event: string;
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
  };
  /** Values hidden, by rule. */
  redacted?: Record<string, number>;
  hits?: number;
  durationMs?: number;
  address?: string;
  client?: string;
}

export interface AuditStore {
  append(record: AuditRecord): Promise<void>;
  recent(org: string, limit: number): Promise<AuditRecord[]>;
}
