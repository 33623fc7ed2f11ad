import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { Scenario } from '../../agents-sim/scenario.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { catalogue } from '../../src/telemetry/catalogue.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type Caller, connectCaller, onCheckout, policiesWith, quotasOf, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { createTestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';

/** The value of one series, by its labels in any order; 0 where there is none. */
function sampleOf(text: string, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text.split('\n').find((each) => {
    const [head = ''] = each.split(' ');
    return (head === name || head.startsWith(`${name}{`)) && wanted.every((label) => head.includes(label));
  });
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe('what is counted', () => {
  it('has a ceiling of series for each metric, beyond which labels are `other`', async () => {
    const metrics = await createMetrics(systemClock);
    for (let number = 0; number < 2_000; number++) metrics.count('redactions', { rule: `rule-${number}` });
    const series = (await metrics.text()).split('\n').filter((line) => line.startsWith('sidelight_redactions_total{'));
    expect(series).toHaveLength(501);
    expect(sampleOf(series.join('\n'), 'sidelight_redactions_total', { rule: 'other' })).toBe(1_500);
  });

  it('leaves out a gauge that cannot be read, and shows the others', async () => {
    const metrics = await createMetrics(systemClock);
    metrics.gauge('openCalls', () => {
      throw new Error('away');
    });
    metrics.gauge('agents', () => Promise.reject(new Error('away')));
    metrics.gauge('waits', () => 3);
    const text = await metrics.text();
    expect(text).not.toMatch(/^sidelight_calls_open /m);
    expect(text).not.toMatch(/^sidelight_agents_connected\{/m);
    expect(text).toMatch(/^sidelight_waits_open 3$/m);
  });

  it('forgets the labels of a gauge that are gone', async () => {
    const clock = createTestClock();
    const metrics = await createMetrics(clock);
    let reading: Record<string, number> = { snapshot: 2, counter: 1 };
    metrics.gauge('actions', () => reading);
    expect(await metrics.text()).toContain('sidelight_actions_active{kind="counter"} 1');
    reading = { snapshot: 1 };
    clock.advance(2_000);
    const text = await metrics.text();
    expect(text).toContain('sidelight_actions_active{kind="snapshot"} 1');
    expect(text).not.toContain('kind="counter"');
  });

  it('is read once for all who ask within a second', async () => {
    const clock = createTestClock();
    const metrics = await createMetrics(clock);
    let reads = 0;
    metrics.gauge('waits', () => ++reads);
    await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    expect(reads).toBe(1);
    clock.advance(1_000);
    await metrics.text();
    expect(reads).toBe(2);
  });

  it('is named as Prometheus wants it: a prefix, a unit, and `_total` for what is counted', () => {
    for (const { name, type } of Object.values(catalogue)) {
      expect(name).toMatch(/^sidelight_[a-z_]+$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });
});

/** The checkout with two values in it that are hidden: one by its name and one by its form. */
function withSecrets(): Scenario {
  const scenario = checkout();
  return {
    ...scenario,
    next(random) {
      const pass = scenario.next(random);
      return { ...pass, scopes: [{ kind: 'local', values: { password: 'hunter2', note: 'mail ada@example.com about it' } }] };
    },
  };
}

describe('the metrics of a bridge', () => {
  let policies: Awaited<ReturnType<typeof policiesWith>>;
  let bridge: TestBridge;
  let agent: SimulatedAgent;
  let caller: Caller;
  let poor: Caller;
  const scrape = async () => {
    const response = await fetch(bridge.metricsUrl as URL);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    return response.text();
  };

  beforeAll(async () => {
    policies = await policiesWith({ 'quotas.yaml': quotasOf({}, { developer: { calls_per_hour: 1 } }) });
    bridge = await startBridge({ 'metrics-port': '0', policies: policies.directory });
    agent = await startAgent(bridge, { id: 'the-checkout-of-ada', scenario: withSecrets() });
    caller = await connectCaller(bridge.mcpUrl, (await bridge.issue({ role: 'company_admin', name: 'ada' })).secret);
    poor = await connectCaller(bridge.mcpUrl, (await bridge.issue({ name: 'bert' })).secret);
  }, 90_000);

  afterAll(async () => {
    await Promise.all([caller?.close(), poor?.close(), agent?.stop()]);
    await bridge?.close();
    await policies?.remove();
  });

  it('tell what calls, hits, agents and the database did', async () => {
    const asked = caller.call('take_snapshot', { ...onCheckout, waitSeconds: 20 });
    await until('it is armed', () => agent.probes.armed === 1 || undefined);
    const during = await scrape();
    expect(sampleOf(during, 'sidelight_waits_open')).toBe(1);
    expect(sampleOf(during, 'sidelight_calls_open')).toBe(1);
    expect(sampleOf(during, 'sidelight_actions_active', { kind: 'snapshot' })).toBe(1);
    const beat = { t: 'beat', ts: Date.now(), actions: 1, overhead: { share: 0, maxPauseMicros: 0 } };
    for (const dropped of [7, 7, 9, 0, 1]) agent.sendRaw({ ...beat, queue: { length: 0, dropped } });
    agent.pass();
    expect((await asked).isError).toBe(false);
    await caller.call('take_snapshot', { ...onCheckout, line: 'nowhere' });
    await caller.call('no_such_tool_of_ada');
    await poor.call('get_status');
    await poor.call('get_status');
    // What was told a moment ago is kept for a second.
    const text = await until('the next look', async () => {
      const now = await scrape();
      return sampleOf(now, 'sidelight_quota_refusals_total', { quota: 'calls_per_hour' }) === 1 ? now : undefined;
    });
    const has = (name: string, labels: Record<string, string> = {}) => sampleOf(text, name, labels);
    expect(has('sidelight_calls_total', { tool: 'take_snapshot', outcome: 'allowed' })).toBe(1);
    expect(has('sidelight_calls_total', { tool: 'take_snapshot', outcome: 'refused', code: 'invalid_input' })).toBe(1);
    expect(has('sidelight_calls_total', { tool: 'other', outcome: 'refused', code: 'unsupported_tool' })).toBe(1);
    expect(has('sidelight_call_duration_seconds_count', { tool: 'take_snapshot', outcome: 'allowed' })).toBe(1);
    expect(has('sidelight_call_part_duration_seconds_count', { part: 'place' })).toBe(1);
    expect(has('sidelight_hits_total', { outcome: 'stored' })).toBe(1);
    expect(has('sidelight_hits_total', { outcome: 'failed' })).toBe(0);
    for (const rule of ['password', 'email']) expect(has('sidelight_stored_redactions_total', { rule }), rule).toBe(1);
    expect(has('sidelight_agent_hits_left_out_total'), 'more than before, also after the agent has begun anew').toBe(10);
    expect(has('sidelight_hit_duration_seconds_count')).toBe(1);
    expect(has('sidelight_arm_duration_seconds_count', { outcome: 'answered' })).toBe(1);
    expect(has('sidelight_agents_connected', { language: 'javascript' })).toBe(1);
    expect(has('sidelight_agent_connections_total', { event: 'connected' })).toBe(1);
    for (const direction of ['in', 'out']) {
      expect(has('sidelight_agent_frames_total', { direction })).toBeGreaterThan(1);
      expect(has('sidelight_agent_frame_bytes_total', { direction })).toBeGreaterThan(100);
    }
    expect(
      has('sidelight_database_statement_duration_seconds_count', { operation: 'statement', outcome: 'done' }),
    ).toBeGreaterThan(5);
    expect(has('sidelight_ready', { check: 'database' })).toBe(1);
    expect(has('sidelight_ready', { check: 'all' })).toBe(1);
    expect(has('sidelight_replicas')).toBe(1);
    expect(has('sidelight_audit_unsigned_records')).toBeGreaterThan(0);
    expect(has('sidelight_waits_open')).toBe(0);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
  });

  it('tell of every request which part of the bridge it was for and what it was answered', async () => {
    const send = (path: string, headers: Record<string, string> = {}) =>
      fetch(new URL(path, bridge.url), { headers }).then(({ status }) => status);
    const stranger = { authorization: 'Bearer of-nobody' };
    expect(await send('/mcp', stranger)).toBe(401);
    expect(await send('/api/v1/of-ada')).toBe(404);
    expect(await send('/of-ada?by=bert')).toBe(404);
    expect(await send('/oauth/of-ada')).toBe(404);
    expect(await send('/healthz')).toBe(200);
    expect(await send('/agent')).toBe(404);
    const lines = [
      ...['route="mcp",status="401",code="invalid_token"', 'route="api",status="404",code="not_found"'],
      ...['route="other",status="404",code="not_found"', 'route="oauth",status="404",code="not_found"'],
      ...['route="health",status="200",code=""', 'route="agent",status="404",code="not_found"'],
    ].map((labels) => `sidelight_http_requests_total{${labels}} 1\n`);
    const text = await until('the next look', async () => {
      const now = await scrape();
      return lines.every((line) => now.includes(line)) ? now : undefined;
    });
    expect(sampleOf(text, 'sidelight_http_requests_total', { route: 'agent', status: '101' })).toBe(1);
    expect(sampleOf(text, 'sidelight_http_requests_total', { route: 'mcp', status: '200', code: '' })).toBeGreaterThan(3);
  });

  it('name nobody and nothing that a person or a program chose', async () => {
    const text = await scrape();
    for (const name of ['ada', 'bert', 'checkout', 'default', bridge.fullKey.slice(0, 12), 'no_such_tool', bridge.directory])
      expect(text, name).not.toContain(name);
  });

  it('tell of a reload that was refused', async () => {
    await expect(bridge.policies.reload('operator')).resolves.toBeDefined();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${policies.directory}/redaction.yaml`, 'profile: nonsense\n');
    await expect(bridge.policies.reload('operator')).rejects.toMatchObject({ code: 'invalid_input' });
    const text = await until('the next look', async () => {
      const now = await scrape();
      return sampleOf(now, 'sidelight_policy_reloads_total', { outcome: 'refused' }) > 0 ? now : undefined;
    });
    expect(sampleOf(text, 'sidelight_ready', { check: 'policies' })).toBe(0);
    expect(sampleOf(text, 'sidelight_ready', { check: 'all' }), 'broken files take no bridge out of service').toBe(1);
  });

  it('are not on the port of callers, and there is nothing else on their own', async () => {
    expect((await fetch(new URL('/metrics', bridge.url))).status).toBe(404);
    for (const path of ['/', '/mcp', '/readyz', '/metrics/more'])
      expect((await fetch(new URL(path, bridge.metricsUrl))).status, path).toBe(404);
    expect((await fetch(bridge.metricsUrl as URL, { method: 'POST', body: 'x' })).status).toBe(404);
  });

  it('are not there unless they are asked for', async () => {
    const plain = await startBridge();
    expect(plain.metricsUrl).toBeUndefined();
    await plain.close();
  });

  it('are refused a port that is taken, by the name of their setting', async () => {
    const taken = { 'metrics-port': (bridge.metricsUrl as URL).port };
    await expect(startBridge(taken)).rejects.toMatchObject({
      code: 'unavailable',
      details: { field: 'metricsPort', next: expect.stringContaining('--metrics-port') },
    });
  });

  it('are all in the documents, and every metric in the documents is there', async () => {
    const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
    const told = new Set(page.match(/\bsidelight_[a-z_]+\b/g));
    const text = await scrape();
    const real = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name));
    const base = (name: string) => name.replace(/_(?:bucket|count|sum)$/, '');
    expect([...told].filter((name) => !real.has(name) && !real.has(base(name)))).toEqual([]);
    expect(Object.values(catalogue).filter(({ name }) => !page.includes(`\`${name}\``))).toEqual([]);
    const foreign = page.match(/\b(?:nodejs|process)_[a-z0-9_]+\b/g) ?? [];
    expect(foreign.filter((name) => !real.has(name) && !real.has(base(name)))).toEqual([]);
  });
});
