/** One thing that is measured. Every label has few values, and none is a name that a customer, a person or a program chose. */
interface Metric {
  /** As Prometheus has it, with its unit. */
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  meaning: string;
  labels: readonly string[];
  /** Upper ends of a histogram's buckets. */
  buckets?: readonly number[];
  /** Of a counter with one label: the values it starts at 0 with, so that their first increase is seen. */
  values?: readonly string[];
}

/** From a call that is refused at once to one that waits for hits. */
const callSeconds = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60, 120, 300] as const;
const promptSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 5, 10] as const;

/** Everything `/metrics` has of the bridge itself; docs/operating.md has the same table and a test compares them. */
export const catalogue = {
  // First, because the others ask the database when they are looked at.
  databaseUnderWay: {
    name: 'sidelight_database_statements_open',
    type: 'gauge',
    meaning: 'Statements and transactions asked for and not answered.',
    labels: [],
  },
  databaseConnections: {
    name: 'sidelight_database_connections',
    type: 'gauge',
    meaning: 'Connections to PostgreSQL.',
    labels: ['state'],
  },
  buildInfo: {
    name: 'sidelight_build_info',
    type: 'gauge',
    meaning: 'Always 1; its label is what matters.',
    labels: ['version'],
  },
  ready: { name: 'sidelight_ready', type: 'gauge', meaning: 'Whether a check of /readyz holds: 1 or 0.', labels: ['check'] },
  httpRequests: {
    name: 'sidelight_http_requests_total',
    type: 'counter',
    meaning:
      'HTTP requests that ended, by the part of the bridge they were for; status is left where the client left before an answer.',
    labels: ['route', 'status', 'code'],
  },
  calls: {
    name: 'sidelight_calls_total',
    type: 'counter',
    meaning: 'Tool calls that ended; code is that of the refusal.',
    labels: ['tool', 'outcome', 'code'],
  },
  callSeconds: {
    name: 'sidelight_call_duration_seconds',
    type: 'histogram',
    meaning: 'How long tool calls took, waits included.',
    labels: ['tool', 'outcome'],
    buckets: callSeconds,
  },
  partSeconds: {
    name: 'sidelight_call_part_duration_seconds',
    type: 'histogram',
    meaning: 'How long the parts of tool calls took.',
    labels: ['part'],
    buckets: promptSeconds,
  },
  quotaRefusals: {
    name: 'sidelight_quota_refusals_total',
    type: 'counter',
    meaning: 'Tool calls refused because a quota was spent.',
    labels: ['quota'],
  },
  redactions: {
    name: 'sidelight_redactions_total',
    type: 'counter',
    meaning: 'Values hidden in answers; a rule of the policy itself counts as custom.',
    labels: ['rule'],
  },
  redactionsStored: {
    name: 'sidelight_stored_redactions_total',
    type: 'counter',
    meaning: 'Values hidden in hits that were stored, by the agent or on arrival; a rule of the policy itself counts as custom.',
    labels: ['rule'],
  },
  openCalls: { name: 'sidelight_calls_open', type: 'gauge', meaning: 'Tool calls whose answer is not out yet.', labels: [] },
  waits: { name: 'sidelight_waits_open', type: 'gauge', meaning: 'Calls that wait for hits.', labels: [] },
  queuedCalls: {
    name: 'sidelight_calls_queued',
    type: 'gauge',
    meaning: 'Calls that wait for one of their caller’s places.',
    labels: [],
  },
  actions: {
    name: 'sidelight_actions_active',
    type: 'gauge',
    meaning: 'Actions that live, of all replicas: each of them tells the same number.',
    labels: ['kind'],
  },
  agents: {
    name: 'sidelight_agents_connected',
    type: 'gauge',
    meaning: 'Agents connected to this replica.',
    labels: ['language'],
  },
  agentConnections: {
    name: 'sidelight_agent_connections_total',
    type: 'counter',
    meaning: 'Agents that came and went.',
    labels: ['event'],
    values: ['connected', 'disconnected'],
  },
  agentsRefused: {
    name: 'sidelight_agents_refused_total',
    type: 'counter',
    meaning: 'Agents that were not let in.',
    labels: ['reason'],
  },
  agentErrors: {
    name: 'sidelight_agent_errors_total',
    type: 'counter',
    meaning: 'Errors that agents reported of themselves.',
    labels: [],
  },
  hits: {
    name: 'sidelight_hits_total',
    type: 'counter',
    meaning: 'Hits that came in, by what became of them; all but stored were dropped.',
    labels: ['outcome'],
    values: ['stored', 'duplicate', 'full', 'beyond', 'ended', 'unknown', 'late', 'unasked', 'failed'],
  },
  hitsLeftOut: {
    name: 'sidelight_agent_hits_left_out_total',
    type: 'counter',
    meaning: 'Hits that agents had no room for, because the bridge was away or did not keep up; by their own word.',
    labels: [],
  },
  hitSeconds: {
    name: 'sidelight_hit_duration_seconds',
    type: 'histogram',
    meaning: 'How long a hit took from its frame to the store, redaction included.',
    labels: [],
    buckets: promptSeconds,
  },
  frames: {
    name: 'sidelight_agent_frames_total',
    type: 'counter',
    meaning: 'Frames from and to agents.',
    labels: ['direction'],
    values: ['in', 'out'],
  },
  frameBytes: {
    name: 'sidelight_agent_frame_bytes_total',
    type: 'counter',
    meaning: 'Bytes of these frames.',
    labels: ['direction'],
    values: ['in', 'out'],
  },
  armSeconds: {
    name: 'sidelight_arm_duration_seconds',
    type: 'histogram',
    meaning: 'How long agents took to answer that an action is armed.',
    labels: ['outcome'],
    buckets: promptSeconds,
  },
  statementSeconds: {
    name: 'sidelight_database_statement_duration_seconds',
    type: 'histogram',
    meaning: 'How long the database took, waiting for a connection included.',
    labels: ['operation', 'outcome'],
    buckets: promptSeconds,
  },
  policyReloads: {
    name: 'sidelight_policy_reloads_total',
    type: 'counter',
    meaning: 'Policy files that were read again.',
    labels: ['outcome'],
    values: ['taken', 'refused'],
  },
  auditUnsigned: {
    name: 'sidelight_audit_unsigned_records',
    type: 'gauge',
    meaning: 'Audit records of this node that no checkpoint covers yet.',
    labels: [],
  },
  auditUndelivered: {
    name: 'sidelight_audit_undelivered_checkpoints',
    type: 'gauge',
    meaning: 'Checkpoints that a sink has not taken yet.',
    labels: [],
  },
  replicas: {
    name: 'sidelight_replicas',
    type: 'gauge',
    meaning: 'Replicas on this database that are alive, this one included; 0 once its own lease is over.',
    labels: [],
  },
} as const satisfies Record<string, Metric>;

export type Catalogue = typeof catalogue;
export type MetricName = keyof Catalogue;

/** Names of metrics of a type. */
export type Named<Type extends Metric['type']> = {
  [Name in MetricName]: Catalogue[Name]['type'] extends Type ? Name : never;
}[MetricName];

/** The labels of a metric, each with its value. */
export type Labels<Name extends MetricName> = { [Label in Catalogue[Name]['labels'][number]]: string };
