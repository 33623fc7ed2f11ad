import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SimulatedAgent } from '../agents-sim/agent.ts';
import { checkout, checkoutFile, priceLine } from '../agents-sim/scenarios/checkout.ts';
import { echo } from './floors.ts';
import { interleaved, machine, type Subject, type Timing, table } from './measure.ts';
import { callTool, eras, hangUp, post } from './post.ts';
import { type BridgeProcess, startBridgeProcess } from './scale/bridge.ts';
import { startFleet } from './scale/fleet.ts';
import { twoRecords } from './scale/records.ts';

const eraNames = Object.keys(eras) as (keyof typeof eras)[];
/** A service that none of the fleet has. */
const service = 'bench';
const warmups = 5;
/** Waits that are held long enough to see what holding costs. */
const heldSeconds = 30;
/** One caller would have to queue. */
const waitsPerKey = 10;

/** What the bridge costs with many agents, and with many callers that wait. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      agents: { type: 'string', default: '1,1000,10000' },
      rounds: { type: 'string', default: '100' },
      waits: { type: 'string', default: '1000' },
      database: { type: 'string' },
    },
  });
  console.log(`${machine()}\n`);
  const policies = await roomyPolicies();
  const settings = { policies, ...(values.database === undefined ? {} : { 'database-url': values.database }) };
  console.log(values.database === undefined ? 'The embedded database.' : 'PostgreSQL.');
  try {
    for (const count of values.agents.split(',').map(Number)) await roundTrips(settings, count, Number(values.rounds));
    if (Number(values.waits) > 0) await heldWaits(settings, Number(values.waits));
  } finally {
    hangUp();
    await rm(policies, { recursive: true, force: true });
  }
}

/** The shipped policies with quotas that a benchmark does not run into. */
async function roomyPolicies(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-bench-'));
  await cp(new URL('../policies', import.meta.url), directory, { recursive: true });
  const file = join(directory, 'quotas.yaml');
  const quotas = await readFile(file, 'utf8');
  await writeFile(
    file,
    quotas.replaceAll(/^( +(?:calls|hits)_per_\w+): \d+/gm, '$1: 100000').replace(/(concurrent_calls): \d+/, '$1: 1000'),
  );
  return directory;
}

async function roundTrips(settings: Record<string, string>, count: number, rounds: number): Promise<void> {
  const bridge = await startBridgeProcess(settings);
  const agent = simulatedAgent(bridge);
  await agent.start();
  const fleet = count > 1 ? await startFleet(bridge.agentUrl, bridge.enrolKey, count - 1) : undefined;
  const [bare, records] = [await echo(), await twoRecords()];
  try {
    const key = await bridge.issue('bench');
    const args = { source: { service }, file: checkoutFile, line: priceLine };
    const plainHttp = async (): Promise<void> => {
      const url = new URL('/api/v1/snapshots', bridge.mcpUrl).href;
      const answer = JSON.parse(await post(url, { ...args, waitSeconds: 50 }, { Authorization: `Bearer ${key}` }));
      if (answer.status !== 'completed') throw new Error(`The snapshot did not complete: ${JSON.stringify(answer)}`);
    };
    const overMcp = (era: keyof typeof eras) => async (): Promise<void> => {
      const { status } = await callTool(bridge.mcpUrl, key, era, 'take_snapshot', args);
      if (status !== 'completed') throw new Error(`The snapshot did not complete: ${status}`);
    };
    const subjects: Subject[] = [
      { name: 'bare WebSocket echo', once: bare.once },
      { name: 'two records on disk, embedded database', once: records.once },
      { name: 'POST /api/v1/snapshots → agent → hit → answer', once: plainHttp },
      ...eraNames.map((era) => ({ name: `take_snapshot, ${era} era → agent → hit → answer`, once: overMcp(era) })),
    ];
    const timings = await interleaved(subjects, rounds, warmups);
    const { rssBytes } = await bridge.usage();
    console.log(`\n${count} simulated agents connected; bridge ${(rssBytes / 1e6).toFixed(0)} MB.\n`);
    const head = ['', 'p50 ms', '× echo', '× POST', 'p99 ms', '× echo', '× POST'];
    console.log(
      table(
        head,
        timings.map((timing) => cells(timing, timings)),
      ),
    );
  } finally {
    await bare.close();
    await records.close();
    await agent.stop();
    await fleet?.stop();
    await bridge.close();
  }
}

function cells({ name, medianMs, p99Ms }: Timing, [bare, , plain]: Timing[]): string[] {
  const ratio = (value: number, floor: number | undefined) => (value / (floor ?? Number.NaN)).toFixed(1);
  return [
    name,
    ...[medianMs.toFixed(2), ratio(medianMs, bare?.medianMs), ratio(medianMs, plain?.medianMs)],
    ...[p99Ms.toFixed(2), ratio(p99Ms, bare?.p99Ms), ratio(p99Ms, plain?.p99Ms)],
  ];
}

/** Many callers that wait for one action: memory and processor time of the bridge for each. */
async function heldWaits(settings: Record<string, string>, waits: number): Promise<void> {
  const bridge = await startBridgeProcess(settings);
  const agent = simulatedAgent(bridge);
  await agent.start();
  try {
    const [placer, ...others] = await Promise.all(
      Array.from({ length: 1 + Math.ceil(waits / waitsPerKey) }, (_, index) => bridge.issue(`waits ${index}`)),
    );
    const never = { source: { service }, file: checkoutFile, line: priceLine, condition: 'false', timeoutSeconds: 600 };
    const { actionId } = await callTool(bridge.mcpUrl, placer ?? '', 'legacy', 'take_snapshot', { ...never, waitSeconds: 0 });
    for (const era of eraNames) {
      const before = await bridge.usage();
      const held = Array.from({ length: waits }, (_, index) =>
        callTool(bridge.mcpUrl, others[Math.floor(index / waitsPerKey)] ?? '', era, 'wait_for_hits', {
          actionId,
          waitSeconds: heldSeconds,
        }),
      );
      const all = Promise.all(held);
      const settled = await Promise.race([all, sleep((heldSeconds * 1_000) / 3)]);
      if (settled !== undefined) throw new Error('The waits were not held');
      const during = await bridge.usage();
      await sleep((heldSeconds * 1_000) / 3);
      const later = await bridge.usage();
      await all;
      const kilobytes = (later.heapBytes - before.heapBytes) / 1_000 / waits;
      const share = (later.cpuMicros - during.cpuMicros) / ((heldSeconds * 1e6) / 3);
      console.log(
        `\n${waits} held waits, ${era} era: ${kilobytes.toFixed(0)} kB of heap each, ${(share * 100).toFixed(1)} % of a core for all.`,
      );
    }
  } finally {
    await agent.stop();
    await bridge.close();
  }
}

function simulatedAgent({ agentUrl, enrolKey }: BridgeProcess): SimulatedAgent {
  const scenario = { ...checkout(), service };
  return new SimulatedAgent({ url: agentUrl, key: enrolKey, scenario, passesPerSecond: 1_000, seed: 1 });
}

const sleep = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms));

await main();
