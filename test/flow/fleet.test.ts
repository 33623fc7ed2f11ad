import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import { freshSeed } from '../../agents-sim/random.ts';
import { fleet } from '../../agents-sim/scenarios/fleet.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Caller, connectCaller, onCheckout } from './world.ts';

const count = 60;
const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
const members = fleet(count, seed).map((member, index) => ({
  ...member,
  id: `fleet-${String(index).padStart(2, '0')}`,
  service: member.scenario.service,
}));
type Member = (typeof members)[number];

let bridge: TestBridge;
let caller: Caller;
let agents: SimulatedAgent[] = [];

beforeAll(async () => {
  bridge = await startBridge();
  agents = members.map(
    (member) => new SimulatedAgent({ ...member, url: bridge.agentUrl, key: bridge.enrolKey, passesPerSecond: 20 }),
  );
  await Promise.all(agents.map((agent) => agent.start()));
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
}, 60_000);

afterAll(async () => {
  await caller?.close();
  await Promise.all(agents.map((agent) => agent.stop()));
  await bridge?.close();
});

const list = async (args: Record<string, unknown> = {}) => (await caller.call('list_sources', args)).structured;
const idsOf = (those: Member[]) => those.map((member) => member.id).sort();
const first = members[0] as Member;

describe(`a fleet of ${count} agents, seed ${seed}`, () => {
  it('is listed on pages that hold everyone once', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ limit: 25, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.totalAgents).toBe(count);
      expect(page.agents.length).toBeLessThanOrEqual(25);
      seen.push(...page.agents.map((agent) => agent.agentId));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(idsOf(members));
  });

  it.each([
    { by: 'service', args: { service: first.service }, fits: (member: Member) => member.service === first.service },
    { by: 'environment', args: { environment: 'staging' }, fits: (member: Member) => member.environment === 'staging' },
    { by: 'tag', args: { tag: 'shard-2' }, fits: (member: Member) => member.tags?.includes('shard-2') },
    {
      by: 'words',
      args: { query: `${first.service} shard-1` },
      fits: (member: Member) => member.service === first.service && member.tags?.includes('shard-1'),
    },
    { by: 'a pool nobody is in', args: { pool: 'elsewhere' }, fits: () => false },
  ])('is filtered by $by', async ({ args, fits }) => {
    const { agents: found } = await list({ ...args, limit: 100 });
    expect(found.map((agent) => agent.agentId).sort()).toEqual(idsOf(members.filter(fits)));
  });

  it('is summed up by service, and the service that was asked for is recommended where most of it runs', async () => {
    const whole = await list();
    expect(whole.recommended).toBeUndefined();
    for (const { service, connectedAgents } of whole.services) {
      expect(connectedAgents).toBe(members.filter((member) => member.service === service).length);
    }
    const asked = await list({ query: first.service.slice(0, 4) });
    const runningIn = (environment?: string) =>
      members.filter((member) => member.service === first.service && member.environment === environment).length;
    expect(asked.recommended?.source.service).toBe(first.service);
    expect(runningIn(asked.recommended?.source.environment)).toBe(Math.max(runningIn('prod'), runningIn('staging')));
  });

  it('refuses a cursor that was not given out', async () => {
    expect((await caller.call('list_sources', { cursor: 'bm9uc2Vuc2U' })).structured.error).toMatchObject({
      code: 'invalid_input',
      field: 'cursor',
    });
  });

  it.each([
    { by: 'service', source: { service: first.service }, fits: (member: Member) => member.service === first.service },
    { by: 'environment', source: { environment: 'staging' }, fits: (member: Member) => member.environment === 'staging' },
    { by: 'version', source: { version: first.version }, fits: (member: Member) => member.version === first.version },
    { by: 'tag', source: { tag: 'eu-1' }, fits: (member: Member) => member.tags?.includes('eu-1') },
    { by: 'pool', source: { pool: 'default' }, fits: () => true },
    {
      by: 'agent ids',
      source: { agentIds: ['fleet-03', 'fleet-57'] },
      fits: (member: Member) => ['fleet-03', 'fleet-57'].includes(member.id),
    },
    {
      by: 'everything at once',
      source: {
        service: first.service,
        environment: first.environment,
        version: first.version,
        tag: first.tags?.[0],
        pool: 'default',
      },
      fits: (member: Member) =>
        member.service === first.service &&
        member.environment === first.environment &&
        member.version === first.version &&
        member.tags?.includes(first.tags?.[0] ?? ''),
    },
  ])('is aimed at by $by: exactly those that fit are armed', async ({ source, fits }) => {
    const { structured } = await caller.call('take_snapshot', { ...onCheckout, source, condition: 'price < 0', waitSeconds: 0 });
    const wanted = members.filter(fits);
    const armed = () => agents.filter((agent) => agent.probes.armed > 0).map((agent) => agent.id);
    expect(armed().sort()).toEqual(idsOf(wanted));
    expect(structured.targets).toHaveLength(Math.min(wanted.length, 20));
    await caller.call('cancel_actions', { actionIds: [structured.actionId] });
    await until('they are disarmed', () => armed().length === 0 || undefined);
  });

  it('asked for five hits gives exactly five, over all replicas together', async () => {
    const { structured } = await caller.call('take_snapshot', { ...onCheckout, source: { environment: 'prod' }, maxHits: 5 });
    expect(structured).toMatchObject({ status: 'completed', hitCount: 5 });
    expect(structured.hits.map((hit) => hit.number)).toEqual([1, 2, 3, 4, 5]);
    await until('nobody is armed any more', () => agents.every((agent) => agent.probes.armed === 0) || undefined);
    const { structured: later } = await caller.call('wait_for_hits', { actionId: structured.actionId });
    expect(later.hits).toHaveLength(5);
  });

  it('asks which service is meant when nothing is named', async () => {
    const { structured } = await caller.call('take_snapshot', { ...onCheckout, source: {} });
    expect(structured.error).toMatchObject({
      code: 'invalid_input',
      field: 'source.service',
      data: { connected: expect.any(Array) },
    });
  });
});
