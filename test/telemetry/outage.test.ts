import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { subprotocol } from '../../src/protocol/frames.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { startWire, type Wire } from '../replicas/wire.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';

describe.skipIf(!hasPostgres)('the metrics of a bridge whose database hangs', () => {
  let world: World;
  let wire: Wire;
  let bridge: TestBridge;
  /** How far the time has been put forward, so that nobody waits for a lease to end. */
  let aheadMs = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
  beforeAll(async () => {
    world = await postgresWorld();
    wire = await startWire(world.url ?? '');
    bridge = await startBridge({ 'database-url': wire.url, 'metrics-port': '0' }, clock);
    await until('it is ready', async () => (await read()).includes('sidelight_ready{check="all"} 1') || undefined);
    wire.cut('silently');
  }, 60_000);
  afterAll(async () => {
    wire?.mend();
    await bridge?.close();
    await wire?.close();
    await world?.close();
  }, 60_000);

  const read = async () => (await fetch(bridge.metricsUrl as URL)).text();
  /** The series of a metric, each with its number. */
  const seriesOf = (text: string, name: string) =>
    text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

  it('say of every check whether it holds, and leave out what only the database knows', async () => {
    const text = await until('the next look', async () => {
      const now = await read();
      return now.includes('sidelight_ready{check="database"} 1') ? undefined : now;
    });
    expect(seriesOf(text, 'sidelight_ready').sort()).toEqual([
      'sidelight_ready{check="all"} 0',
      'sidelight_ready{check="clock"} 1',
      'sidelight_ready{check="database"} 0',
      'sidelight_ready{check="lease"} 1',
      'sidelight_ready{check="policies"} 1',
      'sidelight_ready{check="schema"} 0',
    ]);
    for (const name of [
      'sidelight_actions_active',
      'sidelight_audit_unsigned_records',
      'sidelight_audit_undelivered_checkpoints',
    ])
      expect(seriesOf(text, name), name).toEqual([]);
    expect(seriesOf(text, 'sidelight_replicas')).toEqual(['sidelight_replicas 1']);
  }, 30_000);

  it('count no replica once the lease of this one is over: it knows of none, and is none of them', async () => {
    aheadMs = 60_000;
    const text = await until('the next look', async () => {
      const now = await read();
      return now.includes('sidelight_ready{check="lease"} 0') ? now : undefined;
    });
    expect(seriesOf(text, 'sidelight_replicas')).toEqual(['sidelight_replicas 0']);
  }, 30_000);

  it('count what is refused before a tool is known: calls, and agents', async () => {
    const mcp = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_status', arguments: {} } };
    const authorization = `Bearer ${bridge.fullKey}`;
    const headers = { authorization, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const answers = await Promise.all([
      fetch(bridge.mcpUrl, { method: 'POST', headers, body: JSON.stringify(mcp) }).then(({ status }) => status),
      fetch(new URL('/api/v1/status', bridge.url), { headers }).then(({ status }) => status),
      upgrade(bridge.url, bridge.enrolKey),
    ]);
    expect(answers).toEqual([503, 503, 503]);
    const counted = ['mcp', 'api', 'agent'].map(
      (route) => `sidelight_http_requests_total{route="${route}",status="503",code="unavailable"} 1`,
    );
    const text = await until('the next look', async () => {
      const now = await read();
      return counted.every((line) => now.includes(line)) ? now : undefined;
    });
    expect(seriesOf(text, 'sidelight_calls_total')).toEqual([]);
    expect(seriesOf(text, 'sidelight_agents_refused_total')).toEqual(['sidelight_agents_refused_total{reason="unavailable"} 1']);
  }, 90_000);
});

/** Asks for the WebSocket of an agent and resolves with the status. */
function upgrade(url: URL, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', authorization: `Bearer ${key}` },
      ...{ 'sec-websocket-key': Buffer.alloc(16).toString('base64'), 'sec-websocket-protocol': subprotocol },
    };
    request(new URL('/agent', url), { headers })
      .on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
      .on('upgrade', (response, socket) => {
        socket.destroy();
        resolve(response.statusCode ?? 0);
      })
      .on('error', reject)
      .end();
  });
}
