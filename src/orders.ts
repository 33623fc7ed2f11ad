import { z } from 'zod';
import type { AuditLedger } from './audit/ledger.ts';
import { type OperatorTrail, operatorTrail } from './audit/operator.ts';
import { auditQuestions } from './audit/questions.ts';
import type { AuditSeal } from './audit/seal.ts';
import { nobodysOrg } from './audit/turned-away.ts';
import { operatorOf } from './authorization/administer.ts';
import type { PoliciesInForce } from './authorization/in-force.ts';
import type { ControlHandler } from './control.ts';
import type { KeyRequest } from './identity/key-request.ts';
import { type KeyState, stateOf, warningOf } from './identity/key-state.ts';
import type { KeyRecord } from './identity/keys.ts';
import { issueKey, type KeyDesk, revokeListed, revokeWithMade, rotateKey } from './keys.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { Refusal } from './lib/refusal.ts';
import { appOrders } from './oauth/app-orders.ts';
import type { Grants } from './oauth/grants.ts';
import { type PeopleOrdered, peopleOrders } from './oauth/sign-in/people-orders.ts';
import type { Membership } from './replicas/membership.ts';
import type { Replica } from './replicas/replica-store.ts';
import type { AgentRecord, AgentStore } from './targets/agent.ts';
import type { PauseStore } from './targets/pause.ts';

/** How long an agent that went away is still listed. */
const listedMs = 3_600_000;

interface Ordered {
  desk: KeyDesk;
  people: PeopleOrdered['people'];
  grants: Grants;
  agents: AgentStore;
  pauses: PauseStore;
  audit: AuditLedger;
  seal: AuditSeal;
  clock: Clock;
  log: Log;
  /** What agents are told to trust. */
  bridgeKey: string;
  /** Tells bridges, and so their agents, what has just been stored. */
  pausesChanged(): Promise<void> | void;
  /** What a running bridge does at once; absent when none runs. */
  running?: {
    /** Its place among the replicas on its store. */
    membership: Pick<Membership, 'id' | 'others'>;
    policies: PoliciesInForce;
    /** Copies the embedded database, and says where the copy is. */
    copyStore(): Promise<string>;
  } & PeopleOrdered['running'];
}

/** What `agents list`, `pause` and `resume` answer. */
export interface ShownAgents {
  /** Milliseconds since the epoch; absent when the agents are not paused. */
  pausedAt?: number;
  agents: AgentRecord[];
}

/** Another bridge on the same store, and by which policies it decides as far as was heard: it says so every four seconds. */
export type OtherBridge = Pick<Replica, 'id' | 'host' | 'policyHash'>;

const inOrg = z.object({ org: z.string().min(1).max(64) });
const named = inOrg.extend({ id: z.string().max(64) });
const revocation = named.extend({ andMade: z.boolean().optional() });
const page = inOrg.extend({ limit: z.number().int().min(1).max(10_000) });
const listing = inOrg.extend({ owner: z.string().optional() });
/** `hash`: SHA-256 of the whole key, so that whoever found one does not have to send it anywhere. */
const question = z.object({ id: z.string().max(64), hash: z.string().length(64).optional() });
const rotation = named.extend({ overlapHours: z.number().optional(), days: z.number().optional() });

/** What an operator with access to the data may order, whether the bridge runs or not. Every change is audited. */
export function orders({
  desk,
  people,
  grants,
  agents,
  pauses,
  audit,
  seal,
  clock,
  log,
  bridgeKey,
  pausesChanged,
  running,
}: Ordered): ControlHandler {
  const showAgents = async (org: string): Promise<ShownAgents> => {
    const pause = (await pauses.all()).find((each) => each.org === org);
    const known = await agents.list(org, clock.now() - listedMs);
    return { ...(pause === undefined ? {} : { pausedAt: pause.pausedAt }), agents: known };
  };
  const revokeKeys = async (org: string, owner: string): Promise<void> => {
    const unrevoked = async () => (await desk.keys.list(org)).filter((key) => key.owner === owner && key.revokedAt === undefined);
    const { left } = await revokeListed(desk, operatorOf(org), unrevoked);
    if (left.length > 0) throw keysLeft(owner);
  };
  const inForce = (): PoliciesInForce => {
    if (running !== undefined) return running.policies;
    throw new Refusal({ code: 'unavailable', message: 'No bridge runs here, so no policies are in force.' });
  };
  const others = (): OtherBridge[] =>
    (running?.membership.others() ?? []).map(({ id, host, policyHash }) => ({ id, host, policyHash }));
  type Table = Record<string, (input: Record<string, unknown>) => Promise<unknown>>;
  const tableFor = (trail: OperatorTrail): Table => ({
    async 'keys.create'(input) {
      const { org } = read(inOrg, input);
      const { record: key, secret } = await issueKey(desk, operatorOf(org).create(input as KeyRequest));
      return { key: shown(key, clock.now()), secret, ...(key.kind === 'enrolment' ? { bridgeKey } : {}) };
    },
    async 'keys.list'(input) {
      const { org, owner } = read(listing, input);
      const all = await desk.keys.list(org);
      return all.filter((key) => owner === undefined || key.owner === owner).map((key) => shown(key, clock.now()));
    },
    async 'keys.revoke'(input) {
      const { org, id, andMade = false } = read(revocation, input);
      const permit = operatorOf(org);
      return revokeWithMade(desk, permit, permit.revoke(await desk.keys.find(id), id), { andMade });
    },
    async 'keys.rotate'(input) {
      const { org, id, ...rotated } = read(rotation, input);
      const grant = operatorOf(org).rotate(await desk.keys.find(id), id);
      const { record: key, secret } = await rotateKey(desk, grant, rotated);
      return { key: shown(key, clock.now()), secret };
    },
    async 'keys.who'(input) {
      const { id, hash } = read(question, input);
      const key = await desk.keys.find(id);
      return key === undefined
        ? {}
        : { key: shown(key, clock.now()), ...(hash === undefined ? {} : { same: key.hash === hash }) };
    },
    'audit.recent'(input) {
      const { org, limit } = read(page, input);
      return audit.recent(org, limit);
    },
    'agents.list': (input) => showAgents(read(inOrg, input).org),
    async 'agents.pause'(input) {
      const { org } = read(inOrg, input);
      await pauses.pause(org, clock.now());
      await pausesChanged();
      await trail.recordDone('agents_paused', org, 'operator', 'The agents are paused.');
      return showAgents(org);
    },
    async 'agents.resume'(input) {
      const { org } = read(inOrg, input);
      await trail.record('agents_resumed', org, 'operator');
      await pauses.resume(org);
      await pausesChanged();
      return showAgents(org);
    },
    'bridge.replica': async () => ({ replica: running?.membership.id }),
    async 'store.copy'() {
      if (running === undefined) throw new Refusal({ code: 'unavailable', message: 'No bridge runs here.' });
      await trail.record('store_exported', nobodysOrg, 'operator');
      return { directory: await running.copyStore() };
    },
    'policy.status': async () => ({ ...inForce().status(), others: others() }),
    'policy.reload': async () => ({ ...(await inForce().reload('operator')), others: others() }),
    ...peopleOrders({ people, grants, clock, trail, read, revokeKeys, running }),
    ...appOrders({ grants, read }),
    ...auditQuestions({ ledger: audit, seal, clock, trail, read }),
  });
  return (order, input) => {
    const table = tableFor(operatorTrail({ audit, clock, log }));
    const run = Object.hasOwn(table, order) ? table[order] : undefined;
    if (run === undefined)
      throw new Refusal({
        code: 'invalid_input',
        message: `There is no order ${JSON.stringify(order.slice(0, 64))}.`,
        next: 'Use the same version of Sidelight on both sides.',
      });
    return run(input);
  };
}

/** The input of an order, or a refusal that names the field. */
function read<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw new Refusal({
    code: 'invalid_input',
    message: `${field === '' ? 'The order' : field} is not valid: ${issue?.message ?? 'unknown'}.`,
    ...(field === '' ? {} : { field }),
  });
}

/** Whoever has the name next would find them. */
function keysLeft(owner: string): Refusal {
  return new Refusal({
    code: 'unavailable',
    message: `Keys of ${owner} were made as fast as they were revoked, so some are left.`,
    next: 'They are shut out meanwhile: `sidelight people enable`, and then forget them again.',
  });
}

/** A key as an operator sees it; instants are milliseconds since the epoch. */
export type ShownKey = Omit<KeyRecord, 'hash'> & { state: KeyState; warning?: string };

function shown({ hash: _hash, ...key }: KeyRecord, now: number): ShownKey {
  const warning = warningOf(key, now);
  return { ...key, state: stateOf(key, now), ...(warning === undefined ? {} : { warning }) };
}
