import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { leaky, leakyFile, leakyLine, secrets } from '../../agents-sim/scenarios/leaky.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { type Answer, type Caller, connectCaller, policiesWith, quotasOf, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let agent: SimulatedAgent;
const callers: Caller[] = [];
const keys: string[] = [];

beforeAll(async () => {
  policies = await policiesWith({ 'quotas.yaml': quotasOf({}, { viewer: { calls_per_hour: 1 } }) });
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

/** The records of one call, by the request id of its answer. */
async function recordsOf({ structured }: Answer): Promise<AuditRecord[]> {
  expect(structured.requestId).toMatch(/^req_/);
  const all = await bridge.bridge.audit.recent('default', 1_000);
  return all.filter((record) => record.requestId === structured.requestId);
}

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
        at: expect.any(Number),
        org: 'default',
        subject: expect.stringMatching(/^key:/),
        role: 'developer',
        auth: 'api_key',
        event: 'tool_call',
        tool: 'take_snapshot',
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
        }),
        hits: 2,
        redacted: expect.objectContaining({ email: expect.any(Number), password: expect.any(Number) }),
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
      ['not_found', await full.call('cancel_action', { actionId: `act_${'0'.repeat(22)}` })],
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
