import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { SimulatedAgent } from '../agents-sim/agent.ts';
import { checkout } from '../agents-sim/scenarios/checkout.ts';
import { toWire } from '../src/actions/offer.ts';
import { onCheckout, policiesWith, quotasOf } from '../test/flow/world.ts';
import { startBridge } from '../test/helpers/bridge.ts';
import { startFleet } from '../test/replicas/fleet.ts';
import { plainly } from '../test/replicas/load.ts';
import { postgresWorld } from '../test/storage/engines.ts';
import { interleaved, machine, median, table } from './measure.ts';

const warmups = 10;
const agentId = 'bench-agent';

/** What several bridges on one PostgreSQL cost: the way to an agent of another one, calls a second, and statements for each call. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '200' }, seconds: { type: 'string', default: '5' } },
  });
  console.log(`${machine()}\n`);
  await hop(Number(values.rounds));
  await rates(Number(values.seconds));
}

/** Two bridges in this process: the floor, a near agent and a far one in turn, so that all have the same event loop and database. */
async function hop(rounds: number): Promise<void> {
  const world = await postgresWorld();
  const parent = await mkdtemp(join(tmpdir(), 'sidelight-bench-'));
  const url = world.url ?? '';
  const one = await startBridge({ data: join(parent, 'one'), 'database-url': url });
  await cp(join(parent, 'one', 'secret'), join(parent, 'secret'));
  const two = await startBridge({ data: join(parent, 'two'), 'database-url': url, 'secret-file': join(parent, 'secret') });
  const agent = new SimulatedAgent({ id: agentId, url: one.agentUrl, key: one.enrolKey, scenario: checkout() });
  await agent.start();
  const args = { ...onCheckout, waitSeconds: 0, timeoutSeconds: 600 };
  const { structured } = await plainly(two.mcpUrl, one.fullKey)('take_snapshot', args, 30_000);
  const action = await one.bridge.services.actions.store.get('default', structured.actionId);
  if (action === undefined) throw new Error(JSON.stringify(structured.error));
  const wire = toWire(action, Date.now());
  const there = await roundTripBy(url);
  const timings = await interleaved(
    [
      { name: 'bare NOTIFY, there and back', once: there.once },
      {
        name: 'arm of an agent of this bridge',
        once: async () => void (await one.bridge.services.actions.hub.arm('default', agentId, wire)),
      },
      {
        name: 'arm of an agent of the other bridge',
        once: async () => void (await two.bridge.services.actions.hub.arm('default', agentId, wire)),
      },
    ],
    rounds,
    warmups,
  );
  const rows = timings.map(({ name, medianMs, p95Ms, p99Ms }) => [name, ...[medianMs, p95Ms, p99Ms].map((ms) => ms.toFixed(2))]);
  console.log(`${table(['', 'median ms', 'p95 ms', 'p99 ms'], rows)}\n`);
  const [floor, near, far] = timings.map(({ medianMs }) => medianMs) as [number, number, number];
  console.log(`The hop (far less near) is ${((far - near) / floor).toFixed(2)} times the bare round trip.\n`);
  await there.close();
  await agent.stop();
  await Promise.all([one.close(), two.close()]);
  await world.close();
  await rm(parent, { recursive: true, force: true });
}

/** Two connections that listen; a note goes from one to the other and is answered. */
async function roundTripBy(url: string): Promise<{ once(): Promise<void>; close(): Promise<void> }> {
  const [near, far, sender] = [new pg.Client(url), new pg.Client(url), new pg.Client(url)];
  for (const client of [near, far, sender]) await client.connect();
  await near.query('listen bench_near');
  await far.query('listen bench_far');
  far.on('notification', ({ payload }) => void sender.query('select pg_notify($1, $2)', ['bench_near', payload]));
  return {
    async once() {
      const back = once(near, 'notification');
      await sender.query('select pg_notify($1, $2)', [
        'bench_far',
        'a note about as long as those of the bridges are, with an id in it',
      ]);
      await back;
    },
    async close() {
      for (const client of [near, far, sender]) await client.end();
    },
  };
}

/** One, two and three bridges in processes of their own, each behind a proxy that counts what is asked of the database. */
async function rates(seconds: number): Promise<void> {
  console.log(
    '| bridges | list_sources /s | take_snapshot /s | statements: list_sources | take_snapshot | idle, each bridge a second |',
  );
  console.log('|---|---|---|---|---|---|');
  for (const replicas of [1, 2, 3]) {
    const world = await postgresWorld();
    const counting = await countStatements(world.url ?? '');
    const wide = {
      hits_per_hour: 1e6,
      calls_per_hour: 1e6,
      hits_per_investigation: 1e6,
      concurrent_calls: 1_000,
      queued_calls: 1_000,
    };
    const policies = await policiesWith({ 'quotas.yaml': quotasOf(wide) });
    const fleet = await startFleet({
      url: counting.url,
      replicas,
      policies: policies.directory,
      flags: ['--log-level', 'silent'],
    });
    const agent = new SimulatedAgent({
      ...{ id: agentId, url: fleet.balancer.agentUrl, key: fleet.keys.enrolKey, scenario: checkout(), passesPerSecond: 20 },
    });
    await agent.start();
    await delay(2_000);
    const idle = await counting.during(() => delay(5_000));
    const idleEach = idle / 5 / replicas;
    const asks = fleet.members.map(({ running }) => plainly(running.first.mcpUrl, fleet.keys.fullKey));
    const busy = async (tool: string, args: Record<string, unknown>) => {
      const per: number[] = [];
      const rate: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        let calls = 0;
        const startedAt = performance.now();
        const asked = await counting.during(async () => {
          const caller = async (index: number) => {
            while (performance.now() - startedAt < (seconds * 1_000) / 3) {
              const { structured } = await (asks[index % asks.length] as (typeof asks)[0])(tool, args, 30_000);
              if (structured.error !== undefined) throw new Error(structured.error.message);
              calls += 1;
            }
          };
          await Promise.all(Array.from({ length: 8 }, (_, index) => caller(index)));
        });
        const tookS = (performance.now() - startedAt) / 1_000;
        rate.push(calls / tookS);
        per.push((asked - idleEach * replicas * tookS) / calls);
      }
      return { rate: median(rate).toFixed(0), per: median(per).toFixed(1) };
    };
    const lists = await busy('list_sources', {});
    const snapshots = await busy('take_snapshot', { ...onCheckout, timeoutSeconds: 10, waitSeconds: 5 });
    console.log(`| ${replicas} | ${lists.rate} | ${snapshots.rate} | ${lists.per} | ${snapshots.per} | ${idleEach.toFixed(1)} |`);
    await agent.stop();
    await fleet.close();
    await counting.close();
    await policies.remove();
    await world.close();
  }
}

/** A way to the database that counts the messages `Query` and `Execute` of its protocol. */
async function countStatements(
  url: string,
): Promise<{ url: string; during(work: () => Promise<unknown>): Promise<number>; close(): Promise<void> }> {
  let count = 0;
  const there = new URL(url);
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: there.hostname, port: Number(there.port || 5432), noDelay: true });
    near.pipe(far).pipe(near);
    for (const socket of [near, far])
      socket.on('error', () => undefined).on('close', () => (socket === near ? far : near).destroy());
    let rest: Buffer = Buffer.alloc(0);
    let isStarted = false;
    near.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        // The first message of a connection has no type.
        const from = isStarted ? 1 : 0;
        if (rest.length < from + 4) return;
        const end = from + rest.readInt32BE(from);
        if (rest.length < end) return;
        const type = String.fromCharCode(rest[0] ?? 0);
        if (isStarted && (type === 'Q' || type === 'E')) count += 1;
        isStarted = true;
        rest = rest.subarray(end);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    async during(work) {
      const before = count;
      await work();
      return count - before;
    },
    close: () => new Promise((done) => server.close(() => done())),
  };
}

await main();
process.exit(0);
