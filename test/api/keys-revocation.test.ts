import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { connectCaller, onCheckout, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { createTestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';

describe('a key that is revoked over the API', () => {
  let bridge: TestBridge;
  let agent: SimulatedAgent;
  let admin: string;
  beforeAll(async () => {
    bridge = await startBridge();
    agent = await startAgent(bridge);
    ({ secret: admin } = await bridge.issue({
      role: 'company_admin',
      scopes: ['runtime:read', 'runtime:capture', 'runtime:admin'],
    }));
  }, 60_000);
  afterAll(async () => {
    await agent?.stop();
    await bridge?.close();
  });

  async function send(method: string, path: string, key: string, body?: object) {
    const response = await fetch(new URL(`/api/v1${path}`, bridge.url), {
      method,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as { code?: string; key: { id: string }; secret: string } };
  }
  const make = async (more: object) => (await send('POST', '/keys', admin, { name: 'x', owner: 'service:x', ...more })).body;
  const rights = { scopes: ['runtime:read', 'runtime:capture'], groups: ['everyone'] };
  const placed = (mark: string) =>
    until(`${mark} is placed`, async () => {
      const actions = await bridge.bridge.services.actions.store.list('default', { limit: 10 });
      return actions.some(({ condition }) => condition?.includes(mark)) || undefined;
    });

  it('ends calls that wait with it at once, over the API and over MCP, and the next request is refused', async () => {
    const { key, secret } = await make(rights);
    const overMcp = await connectCaller(bridge.mcpUrl, secret);
    const wait = (mark: string) => ({
      ...onCheckout,
      condition: `price < 0 && '${mark}' !== ''`,
      waitSeconds: 50,
      timeoutSeconds: 100,
    });
    const started = performance.now();
    const calls = [send('POST', '/snapshots', secret, wait('by-api')), overMcp.call('take_snapshot', wait('by-mcp'))] as const;
    await Promise.all([placed('by-api'), placed('by-mcp')]);
    expect((await send('DELETE', `/keys/${key.id}`, admin)).status).toBe(200);
    const [byApi, byMcp] = await Promise.all(calls);
    expect(byApi).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(byMcp.structured.error?.code).toBe('invalid_token');
    expect(performance.now() - started).toBeLessThan(20_000);
    expect((await send('GET', '/me', secret)).status).toBe(401);
    await overMcp.close().catch(() => undefined);
  }, 60_000);

  it('turns out its agents at once, before housekeeping would', async () => {
    // Its clock stands still, so nothing that comes round comes.
    const still = await startBridge({}, createTestClock());
    try {
      const { secret } = await still.issue({ role: 'company_admin', scopes: ['runtime:admin'] });
      const enrolled = await startAgent(still);
      const id = still.enrolKey.split('_')[1] ?? '';
      const revoked = await fetch(new URL(`/api/v1/keys/${id}`, still.url), {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${secret}` },
      });
      expect(revoked.status).toBe(200);
      // Sooner than an agent that hears nothing gives up, comes again and is refused then.
      await until('the agent is turned out', () => enrolled.state === 'refused' || undefined, 6_000);
      expect(enrolled.refusal).toContain('revoked');
      await enrolled.stop();
    } finally {
      await still.close();
    }
  }, 60_000);

  it('keeps what its caller placed within reach when it was rotated instead', async () => {
    const old = await make(rights);
    const placing = await send('POST', '/snapshots', old.secret, { ...onCheckout, condition: `price < 0 && 'kept' !== ''` });
    const { body: next } = await send('POST', `/keys/${old.key.id}/rotate`, admin, { overlapHours: 0 });
    const location = (placing.body as unknown as { actionId: string }).actionId;
    expect((await send('GET', `/actions/${location}`, old.secret)).status).toBe(401);
    expect((await send('DELETE', `/actions/${location}`, next.secret)).status).toBe(200);
  });

  it('is not taken from elsewhere when it has a list of addresses, and the audit trail has who tried', async () => {
    const { key, secret } = await make({ ...rights, addresses: ['192.0.2.0/24'] });
    const refused = await send('GET', '/me', secret);
    expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_token', detail: expect.stringContaining('127.0.0.1') } });
    const enrolment = await make({ kind: 'enrolment', pool: 'default', service: '*', addresses: ['192.0.2.0/24'] });
    await expect(startAgent({ agentUrl: bridge.agentUrl, enrolKey: enrolment.secret })).rejects.toThrow('not taken from');
    const records = await until('both are recorded', async () => {
      const all = await bridge.bridge.audit.recent('default', 20);
      const found = all.filter(({ reason }) => reason === 'address_not_allowed');
      return found.length >= 2 ? found : undefined;
    });
    expect(records.reverse()).toMatchObject([
      { event: 'caller_refused', subject: `key:${key.id}`, decision: 'refused', address: '127.0.0.1' },
      { event: 'agent_refused', subject: `key:${enrolment.key.id}`, decision: 'refused', address: '127.0.0.1' },
    ]);
  });
});
