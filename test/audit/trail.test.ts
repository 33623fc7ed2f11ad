import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { leaky, leakyFile, leakyLine, secrets } from '../../agents-sim/scenarios/leaky.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { hourMs } from '../../src/quota/charge.ts';
import { type Answer, type Caller, connectCaller, policiesWith, quotasOf, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let agent: SimulatedAgent;
const callers: Caller[] = [];
const keys: string[] = [];

beforeAll(async () => {
  const quotas = quotasOf({}, { viewer: { calls_per_hour: 1, refused_calls_per_hour: 3 }, group_admin: { hits_per_hour: 1 } });
  policies = await policiesWith({ 'quotas.yaml': quotas });
  bridge = await startBridge({ policies: policies.directory });
  agent = await startAgent(bridge, { id: 'leaky-agent', scenario: leaky(), passesPerSecond: 20 });
}, 60_000);

afterAll(async () => {
  await Promise.all(callers.map((caller) => caller.close()));
  await agent?.stop();
  await bridge?.close();
  await policies?.remove();
});

async function as(key: string): Promise<Caller> {
  const caller = await connectCaller(bridge.mcpUrl, key);
  callers.push(caller);
  keys.push(key);
  return caller;
}

/** All records of one request, newest first. */
async function allOf({ structured }: Answer): Promise<AuditRecord[]> {
  expect(structured.requestId).toMatch(/^req_/);
  const all = await bridge.bridge.audit.recent('default', 1_000);
  return all.filter((record) => record.requestId === structured.requestId);
}

/** The records that tell how one call ended, by the request id of its answer. */
async function recordsOf(answer: Answer): Promise<AuditRecord[]> {
  return (await allOf(answer)).filter(({ event }) => event !== 'action_placed');
}

/** Who a caller is in records; costs a call. */
const subjectOf = async (caller: Caller) => {
  const answer = await caller.call('get_status');
  return (await recordsOf(answer))[0]?.subject;
};

const here = { source: { service: 'sign-in' }, file: leakyFile, line: leakyLine };

describe('a call leaves exactly one record', () => {
  it('with who, from where, what, on which agents and with how many hits, when it is allowed', async () => {
    const full = await as(bridge.fullKey);
    const condition = "user.name === 'Maria'";
    const answer = await full.call('take_snapshot', { ...here, condition, expressions: ['user.email'], maxHits: 2 });
    expect(answer.structured.status).toBe('completed');
    const records = await recordsOf(answer);
    expect(records).toEqual([
      {
        requestId: answer.structured.requestId,
        rpcId: expect.stringMatching(/^\d+$/),
        at: expect.any(Number),
        org: 'default',
        subject: expect.stringMatching(/^key:/),
        role: 'developer',
        auth: 'api_key',
        credential: expect.stringMatching(/^\w{8}$/),
        event: 'tool_call',
        tool: 'take_snapshot',
        argumentsHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        decision: 'allowed',
        policyHash: bridge.bridge.services.policies().hash,
        client: 'test-client/9.8.7',
        address: expect.stringContaining('127.0.0.1'),
        target: expect.objectContaining({
          service: 'sign-in',
          pool: 'default',
          agents: ['leaky-agent'],
          file: leakyFile,
          line: leakyLine,
          condition,
          expressions: ['user.email'],
          investigation: expect.any(String),
        }),
        hits: 2,
        redacted: expect.objectContaining({ email: expect.any(Number), password: expect.any(Number) }),
        resultBytes: expect.any(Number),
        durationMs: expect.any(Number),
      },
    ]);
    const later = await full.call('wait_for_hits', { actionId: answer.structured.actionId });
    expect(await recordsOf(later)).toMatchObject([
      { decision: 'allowed', hits: 2, target: { actionId: answer.structured.actionId } },
    ]);
  });

  it('with the reason, wherever it is refused', async () => {
    const [read, full] = [await as(bridge.readKey), await as(bridge.fullKey)];
    const viewer = await as((await bridge.issue({ role: 'viewer', scopes: ['runtime:read'] })).secret);
    await viewer.call('get_status');
    const refusals: [string, Answer][] = [
      ['insufficient_scope', await read.call('take_snapshot', here)],
      ['unsupported_tool', await full.call('read_memory', {})],
      ['invalid_input', await full.call('take_snapshot', { file: leakyFile })],
      ['limit_exceeded', await full.call('take_snapshot', { ...here, maxHits: 51 })],
      ['quota_exceeded', await viewer.call('list_sources')],
      ['not_found', await full.call('take_snapshot', { ...here, source: { service: 'nobody' } })],
      ['invalid_expression', await full.call('take_snapshot', { ...here, condition: 'user.password = 1' })],
      ['invalid_location', await full.call('take_snapshot', { ...here, line: 99_999 })],
      ['not_found', await full.call('cancel_actions', { actionIds: [`act_${'0'.repeat(22)}`] })],
    ];
    for (const [reason, answer] of refusals) {
      expect(answer.structured.error?.code).toBe(reason);
      expect(await recordsOf(answer), reason).toMatchObject([{ event: 'tool_call', decision: 'refused', reason }]);
    }
  });

  it('also when thirty come at the same time', async () => {
    const full = await as(bridge.fullKey);
    const answers = await Promise.all(Array.from({ length: 30 }, () => full.call('list_sources')));
    for (const answer of answers) expect(await recordsOf(answer)).toHaveLength(1);
    expect(new Set(answers.map(({ structured }) => structured.requestId)).size).toBe(30);
  });
});

describe('an action', () => {
  it('is recorded when it is placed, before its call ends', async () => {
    const full = await as(bridge.fullKey);
    const placing = full.call('take_snapshot', { ...here, condition: 'false', waitSeconds: 2, timeoutSeconds: 60 });
    const placed = await until('it is recorded', async () =>
      (await bridge.bridge.audit.recent('default', 10)).find((record) => record.target?.condition === 'false'),
    );
    expect(placed).toMatchObject({
      event: 'action_placed',
      decision: 'allowed',
      tool: 'take_snapshot',
      subject: expect.stringMatching(/^key:/),
      policyHash: expect.any(String),
      target: {
        service: 'sign-in',
        agents: ['leaky-agent'],
        file: leakyFile,
        line: leakyLine,
        actionId: expect.stringMatching(/^act_/),
      },
    });
    const answer = await placing;
    expect(await allOf(answer)).toMatchObject([
      { event: 'tool_call', target: { actionId: answer.structured.actionId } },
      { event: 'action_placed', target: { actionId: answer.structured.actionId } },
    ]);
    const { actionId } = answer.structured;
    const cancelled = await full.call('cancel_actions', { actionIds: [actionId, 'not-one'] });
    expect(await allOf(cancelled)).toMatchObject([{ tool: 'cancel_actions', target: { actionIds: [actionId] } }]);
  });

  it('leaves no such record when a quota refuses it', async () => {
    const admin = await as((await bridge.issue({ role: 'group_admin' })).secret);
    const answer = await admin.call('take_snapshot', { ...here, maxHits: 2 });
    expect(answer.structured.error).toMatchObject({ code: 'quota_exceeded', data: { quota: 'hits_per_hour' } });
    expect(await allOf(answer)).toMatchObject([{ event: 'tool_call', decision: 'refused' }]);
  });

  it('is cancelled when its call cannot be recorded, and the refusal says so', async () => {
    const full = await as(bridge.fullKey);
    const { audit } = bridge.bridge;
    bridge.bridge.audit = { ...audit, append: () => Promise.reject(new Error('the disk is full')) };
    try {
      const answer = await full.call('take_snapshot', { ...here, condition: 'false', waitSeconds: 0, timeoutSeconds: 60 });
      const { code, message } = answer.structured.error ?? {};
      expect(code).toBe('unavailable');
      expect(answer.text).not.toContain('the disk is full');
      const id = /act_\w{22}/.exec(message ?? '')?.[0] ?? '';
      expect(message).toContain(`The action ${id} that it placed is cancelled.`);
      expect(await bridge.bridge.services.actions.store.get('default', id)).toMatchObject({ status: 'cancelled' });
      await until('the probe is gone', () => agent.probes.armed === 0 || undefined);
    } finally {
      bridge.bridge.audit = audit;
    }
  });
});

describe('calls that may not be made', () => {
  const many = 12;
  const few = 3;

  it('fill no audit trail: past a quota of their own, one record a minute tells of all', async () => {
    const manyRefused = await as((await bridge.issue({ role: 'viewer', scopes: ['runtime:read'] })).secret);
    const subject = await subjectOf(manyRefused);
    const answers = [];
    for (let call = 0; call < many; call += 1) answers.push(await manyRefused.call(`no_such_tool_${'x'.repeat(20_000)}`));
    for (const answer of answers) expect(answer.structured.error?.code).toBe('unsupported_tool');
    const own = (await bridge.bridge.audit.recent('default', 1_000)).filter(
      (record) => record.subject === subject && record.decision === 'refused',
    );
    expect(own).toHaveLength(few);
    for (const record of own) expect(record.tool).toHaveLength(64);
    await bridge.bridge.refusedCalls.close();
    expect((await bridge.bridge.audit.recent('default', 1))[0]).toMatchObject({
      subject,
      event: 'calls_refused',
      refusals: { unsupported_tool: many - few },
    });
  });

  it('use up nothing but that quota, while calls with bad arguments are charged like any other', async () => {
    const { id, secret } = await bridge.issue({ name: 'clumsy' });
    const caller = await as(secret);
    const left = async () =>
      (await caller.call('get_status')).structured.quotas.find(({ quota }) => quota === 'calls_per_hour')?.used;
    expect(await left()).toBe(1);
    await caller.call('no_such_tool');
    expect(await left()).toBe(2);
    expect((await caller.call('list_actions', { limit: 'many' })).structured.error?.code).toBe('invalid_input');
    expect(await left()).toBe(4);
    const { used } = await bridge.bridge.services.counters.used(
      'default',
      'refused_calls_per_hour',
      `key:${id}`,
      hourMs,
      Date.now(),
    );
    expect(used).toBe(1);
  });

  it('count as such too when the calls of the hour are spent', async () => {
    const viewer = await as((await bridge.issue({ role: 'viewer', scopes: ['runtime:read'] })).secret);
    const subject = await subjectOf(viewer);
    for (let call = 0; call < many; call += 1) await viewer.call('list_sources');
    const own = (await bridge.bridge.audit.recent('default', 1_000)).filter((record) => record.subject === subject);
    expect(own.filter(({ reason }) => reason === 'quota_exceeded')).toHaveLength(few);
  });
});

describe('the audit trail', () => {
  it('tells of agents that come', async () => {
    const records = await bridge.bridge.audit.recent('default', 1_000);
    expect(records.find((record) => record.event === 'agent_connected')).toMatchObject({
      subject: 'agent:leaky-agent',
      target: { service: 'sign-in', agents: ['leaky-agent'] },
    });
  });

  it('holds no captured value, no key and no personal data', async () => {
    const text = JSON.stringify(await bridge.bridge.audit.recent('default', 1_000));
    for (const [kind, secret] of Object.entries(secrets)) expect(text.includes(secret), kind).toBe(false);
    for (const key of [...keys, bridge.enrolKey]) expect(text).not.toContain(key.slice(4));
    expect(text).not.toMatch(/REDACTED|sl[ke]_/);
  });
});
