import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { authorize } from '../../src/authorization/authorize.ts';
import { charge, hourMs } from '../../src/quota/charge.ts';
import { waitsOf } from '../../src/tools/client-waits.ts';
import { startLatency } from '../../src/tools/latency.ts';
import type { CallContext } from '../../src/tools/tool.ts';
import { refusalOf } from '../authorization/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Answer, type Caller, connectCaller, onCheckout, policiesWith, quotasOf, startAgent } from './world.ts';

/** So few that a test can take them all. */
const places = 2;

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let agent: SimulatedAgent;
let admin: Caller;
const callers: Caller[] = [];

beforeAll(async () => {
  policies = await policiesWith({ 'quotas.yaml': quotasOf({ concurrent_calls: places, queued_calls: 4 }) });
  bridge = await startBridge({ policies: policies.directory });
  agent = await startAgent(bridge, { id: 'the-checkout' });
  admin = await connect((await bridge.issue({ role: 'company_admin', name: 'admin' })).secret);
}, 60_000);

afterAll(async () => {
  await Promise.all(callers.map((caller) => caller.close()));
  await agent?.stop();
  await bridge?.close();
  await policies?.remove();
});

async function connect(key: string): Promise<Caller> {
  const caller = await connectCaller(bridge.mcpUrl, key);
  callers.push(caller);
  return caller;
}

/** A caller of its own, with the id of its key. */
async function newCaller(): Promise<{ id: string; caller: Caller }> {
  const { id, secret } = await bridge.issue({});
  return { id, caller: await connect(secret) };
}

/** What an action is recorded with that no call through the spine placed. */
const audited: Omit<AuditRecord, 'requestId' | 'at'> = {
  ...{ org: 'default', subject: 'key:short', role: 'company_admin', event: 'action_placed' },
  ...{ auth: 'api_key', decision: 'allowed' },
};

/** A snapshot that waits on until somebody ends it; `mark` tells its action from others. */
function waiting(caller: Caller, mark: string, options?: { signal: AbortSignal }): Promise<Answer> {
  const args = { ...onCheckout, condition: `price < 0 && '${mark}' !== ''`, waitSeconds: 60, timeoutSeconds: 120 };
  return caller.call('take_snapshot', args, options);
}

/** The action a waiting snapshot has placed, once it is armed. */
const placedBy = (mark: string) =>
  until(`${mark} is placed`, async () => {
    const all = await bridge.bridge.services.actions.store.live('default', Date.now());
    return all.find(({ condition, targets }) => condition?.includes(mark) && targets[0]?.state === 'armed');
  });

const statusOf = async (id: string) => (await bridge.bridge.services.actions.store.get('default', id))?.status;
const armed = () => agent.probes.armed;

describe('a key that is revoked', () => {
  it('ends the calls that are under way with it: no answer, and what they placed is gone', async () => {
    const { id, caller } = await newCaller();
    const call = waiting(caller, 'mine');
    const { id: actionId } = await placedBy('mine');
    bridge.bridge.leases.revoked(id);
    const { structured } = await call;
    expect(structured.error).toMatchObject({
      code: 'invalid_token',
      message: expect.stringContaining(`${actionId} that it placed is cancelled`),
    });
    expect(structured.hits).toBeUndefined();
    expect(await statusOf(actionId)).toBe('cancelled');
    await until('the probe is gone', () => armed() === 0 || undefined);
    const records = (await bridge.bridge.audit.recent('default', 5)).filter((record) => record.target?.actionId === actionId);
    expect(records).toMatchObject([
      { event: 'tool_call', decision: 'refused', reason: 'invalid_token' },
      { event: 'action_placed' },
    ]);
  });

  it('gets no values that are captured afterwards, also when it was revoked elsewhere', async () => {
    const { id, caller } = await newCaller();
    const args = {
      ...onCheckout,
      waitSeconds: 60,
      timeoutSeconds: 120,
      maxHits: 1,
      condition: "price >= 0 && 'elsewhere' !== ''",
    };
    const call = caller.call('take_snapshot', args);
    await placedBy('elsewhere');
    const startedMs = performance.now();
    await bridge.keys.revoke('default', id, Date.now());
    await until('the call is long enough', () => performance.now() - startedMs > 1_100 || undefined);
    agent.pass(1);
    const { structured, text } = await call;
    expect(structured.error?.code).toBe('invalid_token');
    expect(text).not.toContain('price":');
  });

  it('ends no calls of others', async () => {
    const [first, second] = [await newCaller(), await newCaller()];
    const call = waiting(second.caller, 'theirs');
    const { id: actionId } = await placedBy('theirs');
    bridge.bridge.leases.revoked(first.id);
    await admin.call('cancel_actions', { actionIds: [actionId] });
    expect((await call).structured).toMatchObject({ actionId, status: 'cancelled' });
  });
});

describe('a caller whose places are all taken by waits', () => {
  it('cancels one of them and looks at its status at once', async () => {
    const { caller } = await newCaller();
    const calls = ['one', 'two', 'three'].map((mark) => waiting(caller, mark));
    const first = await placedBy('one');
    const second = await placedBy('two');
    const startedMs = performance.now();
    expect((await caller.call('get_status')).isError).toBe(false);
    expect((await caller.call('list_actions', { mine: true, status: 'pending' })).structured.actions).toHaveLength(places);
    expect((await caller.call('cancel_actions', { actionIds: [first.id] })).structured.actions[0]?.cancelled).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    const third = await placedBy('three');
    for (const { id } of [second, third]) await caller.call('cancel_actions', { actionIds: [id] });
    for (const { structured } of await Promise.all(calls)) expect(structured.status).toBe('cancelled');
  });

  it('that leaves while it is queued has nothing placed for it', async () => {
    const { id, caller } = await newCaller();
    const calls = [waiting(caller, 'busy1'), waiting(caller, 'busy2')];
    const taken = [await placedBy('busy1'), await placedBy('busy2')];
    const leaving = new AbortController();
    const left = waiting(caller, 'departed', { signal: leaving.signal }).catch(() => 'left');
    const records = async () =>
      (await bridge.bridge.audit.recent('default', 10)).filter((record) => record.reason === 'cancelled');
    const { counters } = bridge.bridge.services;
    await until('it is charged', async () => {
      const { used } = await counters.used('default', 'calls_per_hour', `key:${id}`, hourMs, Date.now());
      return used === 3 || undefined;
    });
    leaving.abort();
    expect(await left).toBe('left');
    await until('it has left the line', async () => ((await records()).length > 0 ? true : undefined));
    for (const each of taken) await caller.call('cancel_actions', { actionIds: [each.id] });
    await Promise.all(calls);
    expect((await caller.call('list_actions', { mine: true })).structured.actions).toHaveLength(places);
  });

  it('that leaves before it is placed has nothing placed either', async () => {
    const { services, registry } = bridge.bridge;
    const { secret } = await bridge.issue({});
    const permit = authorize(services.policies(), await bridge.bridge.authenticate(secret, undefined), 'take_snapshot');
    const charged = await charge(services.counters, services.clock, permit);
    const context: CallContext = {
      ...{ services, requestId: 'req_left', signal: AbortSignal.abort(), queuedMs: 0, latency: startLatency(services.clock) },
      ...{ waits: waitsOf(undefined, false), large: async () => undefined },
      ...{ progress: async () => undefined, note: () => undefined, placing: () => expect.unreachable('it is placed') },
    };
    const refusal = await refusalOf(() => registry.get('take_snapshot')?.run(charged, { ...onCheckout }, context));
    expect(refusal.code).toBe('cancelled');
  });

  it.each(['take_snapshot', 'wait_for_hits'])('of %s waits no longer than its client would, and says why', async (tool) => {
    const { services, registry } = bridge.bridge;
    const { caller } = await newCaller();
    const { structured: placed } = await caller.call('take_snapshot', { ...onCheckout, condition: 'price < 0', waitSeconds: 0 });
    const { secret } = await bridge.issue({ role: 'company_admin', name: 'short' });
    const permit = authorize(services.policies(), await bridge.bridge.authenticate(secret, undefined), tool);
    const charged = await charge(services.counters, services.clock, permit);
    const context: CallContext = {
      ...{ services, requestId: 'req_short', signal: new AbortController().signal, queuedMs: 0, note: () => undefined },
      ...{ latency: startLatency(services.clock), progress: async () => undefined },
      ...{ waits: { defaultSeconds: 1, longestSeconds: 1, why: 'it is a test' }, large: async () => undefined },
      placing: ({ id }) => ({ ...audited, requestId: id, at: services.clock.now() }),
    };
    const args =
      tool === 'take_snapshot' ? { ...onCheckout, condition: 'price < 0' } : { actionId: placed.actionId, afterHit: 0 };
    const shown = async (waitSeconds?: number) =>
      (await registry.get(tool)?.run(charged, { ...args, ...(waitSeconds === undefined ? {} : { waitSeconds }) }, context))
        ?.structured as { actionId: string; status: string; notes: string[] };
    const startedMs = performance.now();
    const [asked, silent] = [await shown(30), await shown()];
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    expect(asked).toMatchObject({ status: 'pending' });
    expect(asked.notes).toContain('This call waited 1 s at most, because it is a test.');
    expect(silent.notes.join()).not.toContain('at most');
    await admin.call('cancel_actions', { actionIds: [placed.actionId, asked.actionId, silent.actionId] });
  });

  it('has the time it was queued taken off the wait it asked for', async () => {
    const { caller } = await newCaller();
    const calls = [waiting(caller, 'slow1'), waiting(caller, 'slow2')];
    const taken = [await placedBy('slow1'), await placedBy('slow2')];
    const startedMs = performance.now();
    const args = { ...onCheckout, condition: "price < 0 && 'late' !== ''", waitSeconds: 3, timeoutSeconds: 60 };
    const queued = caller.call('take_snapshot', args);
    await until('two of its three seconds are over', () => performance.now() - startedMs > 2_000 || undefined);
    for (const { id } of taken) await caller.call('cancel_actions', { actionIds: [id] });
    const { structured } = await queued;
    expect(structured.status).toBe('pending');
    expect(performance.now() - startedMs).toBeLessThan(4_500);
    await caller.call('cancel_actions', { actionIds: [structured.actionId] });
    await Promise.all(calls);
  });
});

describe('a cursor', () => {
  const cursor = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url');
  const id = `act_${'0'.repeat(22)}`;

  it.each([
    { createdAt: 1.5, id },
    { createdAt: 1e300, id },
    { createdAt: -1, id },
    { createdAt: '1', id },
    { createdAt: 1, id: 'act_\0' },
    { createdAt: 1 },
    null,
  ])('that says %j is refused as none of ours', async (place) => {
    const { structured } = await admin.call('list_actions', { cursor: cursor(place) });
    expect(structured.error).toMatchObject({ code: 'invalid_input', field: 'cursor' });
  });

  it('of ours leads to the next page', async () => {
    const { structured } = await admin.call('list_actions', { limit: 1 });
    expect(structured.nextCursor).toBeDefined();
    expect((await admin.call('list_actions', { limit: 1, cursor: structured.nextCursor })).structured.actions).toHaveLength(1);
  });
});
