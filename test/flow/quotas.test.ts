import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Answer, type Caller, connectCaller, onCheckout, policiesWith, quotasOf, startAgent } from './world.ts';

const hourMs = 3_600_000;
/** Quotas renew by the hour: the tests' own begins with them, so that none of them straddles two. */
let aheadMs = Math.ceil(Date.now() / hourMs) * hourMs - Date.now();
const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };

/** Far more than any of the numbers below allows, all at the same time. */
const parallel = 30;
const numbers = {
  hits_per_hour: 20,
  concurrent_actions_per_principal: 4,
  concurrent_actions_per_agent: 6,
  concurrent_actions_per_org: 8,
};

let directory: string;
let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let admin: Caller;
const agents: SimulatedAgent[] = [];
const callers: Caller[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-quotas-'));
  policies = await policiesWith({ 'quotas.yaml': quotasOf(numbers, { viewer: { calls_per_hour: 12 } }) });
  await open();
}, 60_000);

afterAll(async () => {
  await shut();
  await policies?.remove();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

afterEach(async () => {
  for (const { actionId } of await pending()) await admin.call('cancel_actions', { actionIds: [actionId] });
});

let enrolKey = '';
let adminKey = '';

async function open(): Promise<void> {
  bridge = await startBridge({ data: directory, policies: policies.directory }, clock);
  enrolKey ||= bridge.enrolKey;
  adminKey ||= (await bridge.issue({ role: 'company_admin', name: 'admin' })).secret;
  admin = await caller(adminKey);
  for (const id of ['quota-agent-1', 'quota-agent-2']) {
    // The same programs as before a restart, so with the same keys of their own.
    const keySeed = Buffer.alloc(32, id);
    agents.push(await startAgent({ agentUrl: bridge.agentUrl, enrolKey }, { id, keySeed }));
  }
}

async function shut(): Promise<void> {
  await Promise.all(callers.splice(0).map((each) => each.close()));
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  await bridge?.close();
}

async function caller(key: string): Promise<Caller> {
  const made = await connectCaller(bridge.mcpUrl, key);
  callers.push(made);
  return made;
}

const newCaller = async (role = 'developer') => caller((await bridge.issue({ role })).secret);
const pending = async () => (await admin.call('list_actions', { status: 'pending', limit: 100 })).structured.actions;

const snapshot = (by: Caller, args: Record<string, unknown> = {}) =>
  by.call('take_snapshot', {
    ...onCheckout,
    source: { agentIds: ['quota-agent-1'] },
    waitSeconds: 0,
    timeoutSeconds: 600,
    ...args,
  });

/** How many were let through, and the refusals of the others. */
function sorted(answers: Answer[]): { passed: number; refusals: NonNullable<Answer['structured']['error']>[] } {
  const refusals = answers.flatMap(({ structured }) => structured.error ?? []);
  return { passed: answers.length - refusals.length, refusals };
}

const inParallel = async (run: (index: number) => Promise<Answer>) =>
  sorted(await Promise.all(Array.from({ length: parallel }, (_, index) => run(index))));

const left = async (by: Caller, quota: string) =>
  (await by.call('get_status')).structured.quotas.find((each) => each.quota === quota)?.left;

describe('calls per hour', () => {
  it('let exactly as many of 30 parallel calls through as there are, also after a restart, until the hour is over', async () => {
    const { secret } = await bridge.issue({ role: 'viewer', scopes: ['runtime:read'] });
    const viewer = await caller(secret);
    const renewsAt = new Date((Math.floor(clock.now() / hourMs) + 1) * hourMs).toISOString();
    const { passed, refusals } = await inParallel(() => viewer.call('list_sources'));
    expect(passed).toBe(12);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        code: 'quota_exceeded',
        message: expect.stringContaining('12 of 12 used, 0 left'),
        next: expect.stringContaining(renewsAt),
        data: { quota: 'calls_per_hour', limit: 12, used: 12, left: 0, renewsAt },
      });
    }
    await shut();
    await open();
    const again = await caller(secret);
    expect((await again.call('list_sources')).structured.error).toMatchObject({ code: 'quota_exceeded', data: { used: 12 } });
    aheadMs += hourMs;
    expect((await again.call('list_sources')).isError).toBe(false);
  }, 60_000);
});

describe('hits per hour', () => {
  it('are reserved when an action is placed, and what it did not use is given back when it ends', async () => {
    const by = await newCaller();
    const { structured: placed } = await snapshot(by, { maxHits: 15 });
    expect(placed.status).toBe('pending');
    const tooMany = await snapshot(by, { maxHits: 6 });
    expect(tooMany.structured.error).toMatchObject({
      code: 'quota_exceeded',
      field: 'maxHits',
      data: { quota: 'hits_per_hour', limit: 20, used: 15, left: 5, renewsAt: expect.stringMatching(/:00:00\.000Z$/) },
    });
    agents[0]?.pass(3);
    await by.call('wait_for_hits', { actionId: placed.actionId, afterHit: 2 });
    await by.call('cancel_actions', { actionIds: [placed.actionId] });
    expect(await left(by, 'hits_per_hour')).toBe(17);
    expect((await snapshot(by, { maxHits: 18 })).structured.error?.code).toBe('quota_exceeded');
    expect((await snapshot(by, { maxHits: 17 })).structured.status).toBe('pending');
  });

  it('of 30 parallel calls never add up to more than there are', async () => {
    const by = await newCaller();
    const { passed, refusals } = await inParallel(() => snapshot(by, { maxHits: 7 }));
    expect(passed).toBe(2);
    expect(new Set(refusals.map((refusal) => refusal.data?.quota))).toEqual(new Set(['hits_per_hour']));
  });
});

describe('actions at a time', () => {
  const refused = (quota: string, limit: number) => ({
    code: 'quota_exceeded',
    data: { quota, limit, used: limit, left: 0, renewsAt: expect.any(String) },
    next: expect.any(String),
  });

  it('of one caller are never more than it may have, and a cancelled one makes room', async () => {
    const by = await newCaller();
    const { passed, refusals } = await inParallel(() => snapshot(by));
    expect(passed).toBe(4);
    for (const refusal of refusals) expect(refusal).toMatchObject(refused('concurrent_actions_per_principal', 4));
    const [first] = await pending();
    await by.call('cancel_actions', { actionIds: [first?.actionId] });
    expect((await snapshot(by)).structured.status).toBe('pending');
  });

  it('on one agent are never more than it may have, whoever places them', async () => {
    const both = [await newCaller(), await newCaller()] as const;
    const { passed, refusals } = await inParallel((index) => snapshot(index % 2 === 0 ? both[0] : both[1]));
    expect(passed).toBe(6);
    expect(refusals.filter(({ data }) => data?.quota === 'concurrent_actions_per_agent').length).toBeGreaterThan(0);
    expect(await until('all are armed', () => (agents[0]?.probes.armed === 6 ? 6 : undefined))).toBe(6);
    const elsewhere = await snapshot(await newCaller(), { source: { service: 'checkout' } });
    expect(elsewhere.structured.targets.map((target) => target.agentId)).toEqual(['quota-agent-2']);
    expect(elsewhere.structured.notes.join()).toContain('quota-agent-1');
  });

  it('of an organisation are never more than it may have, and a restart forgets none', async () => {
    const three = [await newCaller(), await newCaller(), await newCaller()];
    const { passed, refusals } = await inParallel((index) => {
      const agentIds = [`quota-agent-${(index % 2) + 1}`];
      return snapshot(three[index % 3] as Caller, { source: { agentIds } });
    });
    expect(passed).toBe(8);
    const ofOrg = refusals.filter(({ data }) => data?.quota === 'concurrent_actions_per_org');
    expect(ofOrg[0]).toMatchObject(refused('concurrent_actions_per_org', 8));
    await shut();
    await open();
    expect(await pending()).toHaveLength(8);
    expect((await snapshot(await newCaller())).structured.error).toMatchObject(refused('concurrent_actions_per_org', 8));
    await until('they are armed again', () => (agents[0]?.probes.armed ?? 0) + (agents[1]?.probes.armed ?? 0) === 8 || undefined);
  }, 60_000);
});
