import type { ActionRecord, TargetRecord } from '../../src/actions/action.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import type { IncomingHit } from '../../src/hits/hit.ts';
import type { KeyRecord } from '../../src/identity/keys.ts';
import { newId } from '../../src/lib/id.ts';
import type { CaptureData } from '../../src/protocol/frames.ts';
import type { PlacementQuota } from '../../src/quota/placement.ts';
import { ScrubbedCapture } from '../../src/redaction/capture.ts';
import type { Stores } from '../../src/storage/stores.ts';
import type { AgentRecord } from '../../src/targets/agent.ts';

/** An instant at the start of an hour, so that windows are easy to follow. */
export const t0 = Date.UTC(2026, 5, 1, 12);

export const wide: PlacementQuota = {
  hitsPerHour: 100_000,
  hitsPerInvestigation: 100_000,
  concurrentPerPrincipal: 10_000,
  concurrentPerInvestigation: 10_000,
  concurrentPerAgent: 10_000,
  concurrentPerOrg: 10_000,
};

export function target(agentId = 'agent-1', changes: Partial<TargetRecord> = {}): TargetRecord {
  return { agentId, agentName: `shop@${agentId}`, pool: 'default', service: 'shop', state: 'pending', hits: 0, ...changes };
}

export function action(changes: Partial<ActionRecord> = {}): ActionRecord {
  return {
    id: newId('act'),
    org: 'acme',
    principal: 'key:a',
    principalName: 'full',
    investigation: 'checkout total',
    kind: 'snapshot',
    source: { service: 'shop' },
    reach: [{ pools: ['*'], services: ['*'] }],
    file: 'src/shop.ts',
    line: 7,
    expressions: ['order.total'],
    maxHits: 1,
    depth: 3,
    status: 'pending',
    hits: 0,
    createdAt: t0,
    expiresAt: t0 + 60_000,
    targets: [target()],
    listeners: [],
    ...changes,
  };
}

const captured: CaptureData = {
  at: { file: 'src/shop.ts', line: 7 },
  stack: [],
  scopes: [{ kind: 'local', variables: [['text', 'zero \u0000 and a lone \ud800 surrogate']] }],
  expressions: [],
  pauseMicros: 12,
  cut: [],
  redacted: {},
};

export const capture = ScrubbedCapture.fromStored(JSON.stringify({ v: 1, capture: captured }));

export function hit(of: ActionRecord, agentHit: number, changes: Partial<IncomingHit> = {}): IncomingHit {
  return {
    org: of.org,
    actionId: of.id,
    agentId: 'agent-1',
    agentName: 'shop@agent-1',
    agentHit,
    capturedAt: t0 + 5,
    takenAt: t0 + 5,
    receivedAt: t0 + 9,
    isAsked: true,
    capture,
    ...changes,
  };
}

export function key(id: string, changes: Partial<KeyRecord> = {}): KeyRecord {
  return {
    id,
    kind: 'api',
    org: 'acme',
    name: 'ci',
    owner: 'ops',
    hash: 'ab'.repeat(32),
    createdAt: t0,
    expiresAt: t0 + 86_400_000,
    role: 'developer',
    scopes: ['runtime:read'],
    permissions: ['dev_api'],
    groups: ['everyone'],
    ...changes,
  };
}

export function agent(id: string, changes: Partial<AgentRecord> = {}): AgentRecord {
  return {
    id,
    org: 'acme',
    pool: 'default',
    name: `shop@${id}`,
    service: 'shop',
    runtime: { language: 'javascript', name: 'node', version: '20.20.2' },
    host: 'web-1',
    pid: 4711,
    tags: ['eu'],
    mode: 'sim',
    agentVersion: '0.1.0',
    capabilities: {
      kinds: ['snapshot'],
      where: ['line'],
      conditions: true,
      expressions: true,
      pending: true,
      sourceMaps: true,
      stops: 'thread',
      maxActions: 100,
    },
    startedAt: t0,
    connected: true,
    lastSeenAt: t0,
    enrolmentKeyId: 'enrol001',
    ...changes,
  };
}

export function audited(requestId: string, changes: Partial<AuditRecord> = {}): AuditRecord {
  return {
    requestId,
    at: t0,
    org: 'acme',
    subject: 'key:a',
    role: 'developer',
    auth: 'api_key',
    event: 'tool_call',
    decision: 'allowed',
    ...changes,
  };
}

/** A bridge that is alive, to which agents connect. */
export async function replica(stores: Pick<Stores, 'agents' | 'replicas'>, id = newId('rep')) {
  await stores.replicas.renew({ id, host: 'here', version: '1', startedAt: t0, policyHash: 'p' }, 3_600_000);
  return {
    id,
    async connect(one: AgentRecord) {
      const { epoch } = await stores.agents.connected(one, id);
      return (now = t0) => stores.agents.disconnected(one.org, one.id, { replica: id, epoch }, now);
    },
  };
}
