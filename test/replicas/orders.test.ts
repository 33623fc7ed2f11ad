import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onCheckout } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres } from '../storage/engines.ts';
import { aliveIn } from './fleet.ts';
import { plainly } from './load.ts';
import { type Together, together } from './world.ts';

/** What is told by a note has its effect within this on a machine that is not overloaded; the polls take up to 5 s. */
const soonMs = 4_000;
const byPollMs = 15_000;

describe.skipIf(!hasPostgres)('what is done at one bridge', () => {
  let all: Together;
  beforeAll(async () => {
    all = await together({ replicas: 2, agents: 2, seed: 1, passesPerSecond: 0 });
  }, 120_000);
  afterAll(() => all?.close(), 60_000);

  const members = () => {
    const [one, two] = all.fleet.members;
    if (one === undefined || two === undefined) throw new Error('There are two.');
    return { one, two };
  };
  const askAt = (member: ReturnType<typeof members>['one'], key = all.fleet.keys.fullKey) =>
    plainly(member.running.first.mcpUrl, key);
  const timed = async (what: string, look: () => Promise<true | undefined> | true | undefined, withinMs: number) => {
    const from = performance.now();
    await until(what, look, withinMs);
    const ms = Math.round(performance.now() - from);
    console.log(`${what}: ${ms} ms`);
    return ms;
  };

  it('pauses agents of all', async () => {
    const { one } = members();
    const { structured } = await askAt(one)('take_snapshot', { ...onCheckout, waitSeconds: 0, timeoutSeconds: 60 }, 20_000);
    await until('both are armed', () => all.agents.every(({ probes }) => probes.armed === 1) || undefined);
    const from = performance.now();
    await all.fleet.order(one, 'agents', 'pause');
    const orderedMs = performance.now() - from;
    await timed(
      `paused everywhere, behind an order of ${Math.round(orderedMs)} ms`,
      () => all.agents.every(({ probes }) => probes.armed === 0) || undefined,
      soonMs,
    );
    await all.fleet.order(one, 'agents', 'resume');
    await timed('resumed everywhere', () => all.agents.every(({ probes }) => probes.armed === 1) || undefined, soonMs);
    await askAt(one)('cancel_actions', { actionIds: [structured.actionId] }, 20_000);
  }, 60_000);

  it('ends the calls of a key that is revoked, wherever they run', async () => {
    const { one, two } = members();
    const made = JSON.parse(
      await all.fleet.order(
        one,
        'keys',
        'create',
        '--name',
        'short',
        '--role',
        'developer',
        '--scopes',
        'runtime:read,runtime:capture',
        '--permissions',
        'dev_api',
        '--groups',
        'everyone',
      ),
    ) as { key: { id: string }; secret: string };
    const waiting = askAt(two, made.secret)('take_snapshot', { ...onCheckout, waitSeconds: 40, timeoutSeconds: 60 }, 60_000);
    await until('it is armed', () => all.agents.every(({ probes }) => probes.armed === 1) || undefined);
    await all.fleet.order(one, 'keys', 'revoke', made.key.id);
    const from = performance.now();
    const { structured } = await waiting;
    const ms = performance.now() - from;
    console.log(`a call at the other bridge ended: ${Math.round(ms)} ms`);
    expect(structured.error?.code).toBe('invalid_token');
    expect(ms).toBeLessThan(soonMs);
    await until('its action is gone', () => all.agents.every(({ probes }) => probes.armed === 0) || undefined);
  }, 60_000);

  it('ends them at once too where the key is revoked on a machine without a bridge', async () => {
    const rights = ['--role', 'developer', '--scopes', 'runtime:read,runtime:capture', '--groups', 'everyone'];
    const made = JSON.parse(await all.fleet.orderElsewhere('keys', 'create', '--name', 'far', ...rights)) as {
      key: { id: string };
      secret: string;
    };
    const { one, two } = members();
    const args = { ...onCheckout, waitSeconds: 40, timeoutSeconds: 60 };
    // Not told, they would look at their key when their waits end, which is as far apart as they began.
    const waiting: Promise<{ code: string | undefined; at: number }>[] = [];
    for (const member of [one, two, one, two]) {
      const asked = askAt(member, made.secret)('take_snapshot', args, 60_000);
      waiting.push(asked.then(({ structured }) => ({ code: structured.error?.code, at: performance.now() })));
      await new Promise((done) => setTimeout(done, 1_250));
    }
    await all.fleet.orderElsewhere('keys', 'revoke', made.key.id);
    const ended = await Promise.all(waiting);
    const times = ended.map(({ at }) => at);
    const spreadMs = Math.max(...times) - Math.min(...times);
    console.log(`calls at both bridges ended within ${Math.round(spreadMs)} ms of each other`);
    expect(ended.map(({ code }) => code)).toEqual(Array(4).fill('invalid_token'));
    expect(spreadMs).toBeLessThan(2_000);
  }, 60_000);

  it('pauses agents of all at once too from a machine without a bridge', async () => {
    const { one } = members();
    const { structured } = await askAt(one)('take_snapshot', { ...onCheckout, waitSeconds: 0, timeoutSeconds: 60 }, 20_000);
    await until('both are armed', () => all.agents.every(({ probes }) => probes.armed === 1) || undefined);
    // Not told, a bridge looks every two seconds, and in five turns it would be that far behind in some.
    const gone: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const armedAt = all.agents.map(() => 0);
      const watching = setInterval(() => {
        all.agents.forEach(({ probes }, agent) => {
          if (probes.armed > 0) armedAt[agent] = performance.now();
        });
      }, 5);
      await all.fleet.orderElsewhere('agents', 'pause');
      const ordered = performance.now();
      await until('none is armed', () => all.agents.every(({ probes }) => probes.armed === 0) || undefined);
      clearInterval(watching);
      gone.push(Math.max(...armedAt) - ordered);
      await all.fleet.orderElsewhere('agents', 'resume');
      await until('both are armed again', () => all.agents.every(({ probes }) => probes.armed === 1) || undefined);
    }
    console.log(`probes stayed at most ${Math.round(Math.max(...gone))} ms after the command had ended`);
    expect(Math.max(...gone)).toBeLessThan(500);
    await askAt(one)('cancel_actions', { actionIds: [structured.actionId] }, 20_000);
  }, 60_000);

  it('reloads the policies of all', async () => {
    const { one } = members();
    const hashes = async () => {
      const rows = await all.world.db.query<{ policy_hash: string }>('select policy_hash from replicas where id = any($1)', [
        await aliveIn(all.world.db),
      ]);
      return rows.map(({ policy_hash }) => policy_hash);
    };
    const [before] = await hashes();
    await appendFile(join(all.policies, 'quotas.yaml'), '\n');
    await all.fleet.order(one, 'policy', 'reload');
    // Said with the next renewal of the lease.
    await timed(
      'reloaded everywhere, as leases say',
      async () => {
        const now = await hashes();
        return (now.length === 2 && now.every((hash) => hash !== before)) || undefined;
      },
      byPollMs,
    );
  }, 60_000);

  it('cancels a request that another one serves', async () => {
    const { one, two } = members();
    const key = all.fleet.keys.fullKey;
    const post = (member: typeof one, body: object, session?: string) =>
      fetch(member.running.first.mcpUrl, {
        method: 'POST',
        headers: {
          ...{
            Authorization: `Bearer ${key}`,
            'Content-Type': 'application/json',
            Accept: 'application/json, text/event-stream',
          },
          ...(session === undefined ? {} : { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-06-18' }),
        },
        body: JSON.stringify({ jsonrpc: '2.0', ...body }),
      });
    const hello = await post(one, {
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    });
    const session = hello.headers.get('mcp-session-id') ?? '';
    await hello.text();
    const args = { ...onCheckout, waitSeconds: 40, timeoutSeconds: 60 };
    const waiting = post(one, { id: 7, method: 'tools/call', params: { name: 'take_snapshot', arguments: args } }, session).then(
      (answer) => answer.text(),
    );
    await until('it is armed', () => all.agents.every(({ probes }) => probes.armed === 1) || undefined);
    const from = performance.now();
    await (await post(two, { method: 'notifications/cancelled', params: { requestId: 7 } }, session)).text();
    await waiting.catch(() => undefined);
    console.log(`a request at the other bridge was cancelled: ${Math.round(performance.now() - from)} ms`);
    expect(performance.now() - from).toBeLessThan(soonMs);
    await timed('and its probes are gone', () => all.agents.every(({ probes }) => probes.armed === 0) || undefined, byPollMs);
  }, 60_000);

  it('reaches the others by their polls when nothing is told', async () => {
    const { one, two } = members();
    const deaf = new pg.Client({ connectionString: all.world.url });
    await deaf.connect();
    let isOver = false;
    // Whoever listens is cut off again and again, so that nearly every note is lost.
    const cutting = (async () => {
      while (!isOver) {
        await deaf.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sidelight bridge%' and datname = current_database()`,
        );
        await new Promise((done) => setTimeout(done, 20));
      }
    })();
    try {
      const [agent] = all.agents;
      const placed = await askAt(one)('take_snapshot', { ...onCheckout, maxHits: 2, waitSeconds: 0, timeoutSeconds: 60 }, 30_000);
      expect(placed.structured.error).toBeUndefined();
      const { actionId } = placed.structured;
      await timed('armed without notes', () => all.agents.every(({ probes }) => probes.armed === 1) || undefined, byPollMs);
      const waits = [one, two].map((member) => askAt(member)('wait_for_hits', { actionId, waitSeconds: 20 }, 40_000));
      await new Promise((done) => setTimeout(done, 1_000));
      const from = performance.now();
      agent?.pass();
      for (const wait of waits) expect((await wait).structured.hitCount).toBe(1);
      console.log(`waits at both heard of a hit without notes: ${Math.round(performance.now() - from)} ms`);
      await askAt(two)('cancel_actions', { actionIds: [actionId] }, 40_000);
      await timed('taken off without notes', () => all.agents.every(({ probes }) => probes.armed === 0) || undefined, byPollMs);
      await all.fleet.order(one, 'agents', 'pause');
      const refused = async () =>
        (await askAt(two)('take_snapshot', { ...onCheckout, waitSeconds: 0 }, 30_000)).structured.error?.code === 'unavailable';
      await timed('paused without notes', async () => (await refused()) || undefined, byPollMs);
      await all.fleet.order(one, 'agents', 'resume');
    } finally {
      isOver = true;
      await cutting;
      await deaf.end();
    }
  }, 90_000);
});
