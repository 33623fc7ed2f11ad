import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Caller, connectCaller, enrolmentKey, foreignKey, onCheckout, policiesWith, startAgent } from './world.ts';

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
const agents: Record<string, SimulatedAgent> = {};
const callers: Record<string, Caller> = {};
const as = (who: string): Caller => callers[who] ?? expect.unreachable(`nobody is called ${who}`);

beforeAll(async () => {
  policies = await policiesWith({
    'groups.yaml': {
      everyone: { pools: ['*'], services: ['*'] },
      payments: { pools: ['prod'], services: ['check*'] },
    },
    'limits.yaml': {
      all: { maxHits: 50, maxTimeoutSeconds: 600, maxExpressions: 10, maxDepth: 3 },
      roles: { group_admin: { maxHits: 3, maxTimeoutSeconds: 20, maxExpressions: 2, maxDepth: 1 } },
    },
  });
  bridge = await startBridge({ policies: policies.directory });
  const enrolKeys = {
    prod: await enrolmentKey(bridge, { pool: 'prod' }),
    lab: await enrolmentKey(bridge, { pool: 'lab' }),
  };
  const start = async (id: string, pool: keyof typeof enrolKeys, service: string) => {
    agents[id] = await startAgent({ agentUrl: bridge.agentUrl, enrolKey: enrolKeys[pool] }, { id, service });
  };
  await start('prod-checkout', 'prod', 'checkout');
  await start('prod-search', 'prod', 'search');
  await start('lab-checkout', 'lab', 'checkout');
  const scopes = ['runtime:read', 'runtime:capture'];
  const rights = {
    payer: { role: 'developer', groups: ['payments'] },
    colleague: { role: 'developer', groups: ['payments'] },
    nobody: { role: 'developer', groups: [] },
    'pool admin': { role: 'group_admin', groups: ['payments'] },
    'other pool admin': { role: 'group_admin', groups: [] },
    'company admin': { role: 'company_admin', groups: [] },
    everyone: { role: 'developer', groups: ['everyone'] },
  };
  for (const [name, right] of Object.entries(rights)) {
    callers[name] = await connectCaller(bridge.mcpUrl, (await bridge.issue({ ...right, scopes, name })).secret);
  }
  callers.stranger = await connectCaller(bridge.mcpUrl, await foreignKey(bridge, 'globex'));
}, 60_000);

afterAll(async () => {
  await Promise.all(Object.values(callers).map((each) => each.close()));
  await Promise.all(Object.values(agents).map((agent) => agent.stop()));
  await bridge?.close();
  await policies?.remove();
});

const place = async (who: string, args: Record<string, unknown> = {}) =>
  (await as(who).call('take_snapshot', { ...onCheckout, waitSeconds: 0, ...args })).structured;

describe('a group that reaches only some pools and services', () => {
  it('sees nothing else', async () => {
    const seen = async (who: string) => (await as(who).call('list_sources')).structured.agents.map((agent) => agent.agentId);
    expect(await seen('payer')).toEqual(['prod-checkout']);
    expect(await seen('nobody')).toEqual([]);
    expect(await seen('company admin')).toHaveLength(3);
    expect((await as('payer').call('get_status')).structured.connectedAgents).toBe(1);
  });

  it.each([
    { source: { service: 'search' }, code: 'org_access_denied' },
    { source: { pool: 'lab' }, code: 'org_access_denied' },
    { source: { agentIds: ['lab-checkout'] }, code: 'org_access_denied' },
    { source: { service: 'mailer' }, code: 'not_found' },
  ])('is refused $source', async ({ source, code }) => {
    expect((await place('payer', { source })).error).toMatchObject({
      code,
      field: `source.${Object.keys(source)[0]}`,
      next: expect.any(String),
    });
  });

  it('reaches its own part of a source, and agents of a foreign pool that come later are left alone', async () => {
    const placed = await place('payer', { source: { service: 'checkout' }, timeoutSeconds: 600 });
    expect(placed.targets.map((target) => target.agentId)).toEqual(['prod-checkout']);
    const later = await Promise.all(
      (['lab', 'prod'] as const).map(async (pool) =>
        startAgent({ agentUrl: bridge.agentUrl, enrolKey: await enrolmentKey(bridge, { pool }) }, { id: `${pool}-late` }),
      ),
    );
    const [foreign, own] = later;
    await until('the late one of its pool is armed', () => own?.probes.armed === 1 || undefined);
    expect(foreign?.probes.armed).toBe(0);
    expect(agents['lab-checkout']?.probes.armed).toBe(0);
    await as('payer').call('cancel_actions', { actionIds: [placed.actionId] });
    await Promise.all(later.map((agent) => agent.stop()));
  });
});

describe('an action of somebody else', () => {
  it('is cancelled by an admin of its pool or of the company, and by nobody else', async () => {
    for (const admin of ['pool admin', 'company admin']) {
      const { actionId } = await place('payer');
      const cancel = async (who: string) => (await as(who).call('cancel_actions', { actionIds: [actionId] })).structured;
      expect((await cancel('colleague')).error).toMatchObject({ code: 'org_access_denied', next: expect.any(String) });
      expect((await cancel('nobody')).error?.code).toBe('not_found');
      expect((await cancel('other pool admin')).error?.code).toBe('not_found');
      expect(agents['prod-checkout']?.probes.armed).toBe(1);
      expect((await cancel(admin)).actions[0]).toMatchObject({ cancelled: true, status: 'cancelled' });
      expect(agents['prod-checkout']?.probes.armed).toBe(0);
    }
  });

  it('does not exist for another organisation, whatever its key may do', async () => {
    const { actionId } = await place('payer');
    for (const [tool, field, args] of [
      ['wait_for_hits', 'actionId', { actionId }],
      ['cancel_actions', 'actionIds', { actionIds: [actionId] }],
    ] as const) {
      expect((await as('stranger').call(tool, args)).structured.error, tool).toMatchObject({
        code: 'not_found',
        field,
      });
    }
    expect((await as('stranger').call('list_actions')).structured.actions).toEqual([]);
    expect((await as('stranger').call('list_sources', { includeDisconnected: true })).structured.agents).toEqual([]);
    for (const source of [{ service: 'checkout' }, { agentIds: ['prod-checkout'] }, {}]) {
      expect((await place('stranger', { source })).error?.code).toBe('not_found');
    }
    expect((await as('payer').call('cancel_actions', { actionIds: [actionId] })).structured.actions[0]?.cancelled).toBe(true);
  });

  it('is listed only for those who reach it', async () => {
    const { actionId } = await place('everyone', { source: { agentIds: ['lab-checkout'] } });
    const sees = async (who: string) =>
      (await as(who).call('list_actions', { limit: 100 })).structured.actions.some((action) => action.actionId === actionId);
    expect(await sees('payer')).toBe(false);
    expect(await sees('everyone')).toBe(true);
    expect(await sees('company admin')).toBe(true);
    await as('everyone').call('cancel_actions', { actionIds: [actionId] });
  });
});

describe('a role with lower limits', () => {
  it.each([
    { field: 'maxHits', args: { maxHits: 4 }, limit: 3 },
    { field: 'timeoutSeconds', args: { timeoutSeconds: 21 }, limit: 20 },
    { field: 'expressions', args: { expressions: ['price', 'total', 'discount'] }, limit: 2 },
    { field: 'depth', args: { depth: 2 }, limit: 1 },
  ])('is refused more $field than it may have', async ({ field, args, limit }) => {
    expect((await place('pool admin', args)).error).toMatchObject({ code: 'limit_exceeded', field, data: { limit } });
    expect((await place('colleague', { ...args, condition: 'price < 0', timeoutSeconds: 1 })).error).toBeUndefined();
  });

  it('gets what it may have when it leaves an argument out', async () => {
    const placed = await place('pool admin', { source: { service: 'checkout' }, maxHits: 1 });
    expect(Date.parse(placed.expiresAt) - Date.now()).toBeLessThanOrEqual(20_000);
    agents['prod-checkout']?.pass();
    const { hits } = (await as('pool admin').call('wait_for_hits', { actionId: placed.actionId })).structured;
    expect(hits[0]?.variables.order).toMatchObject({ items: { $cut: expect.anything() } });
  });
});
