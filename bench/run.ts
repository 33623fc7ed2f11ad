import { SimulatedAgent } from '../agents-sim/agent.ts';
import { checkout, checkoutFile, priceLine } from '../agents-sim/scenarios/checkout.ts';
import { startBridge, type TestBridge } from '../test/helpers/bridge.ts';
import { askBareKoa, bareKoa, echo, endpointOnly } from './floors.ts';
import { interleaved, machine, median, type Subject, type Timing, table, throughput } from './measure.ts';
import { callTool, eras, hangUp } from './post.ts';

/** Enough for a steady median on a shared machine, and within the hourly quotas of one key. */
const callRounds = 200;
const tripRounds = 100;
const warmups = 20;
const connections = 16;
const callsPerConnection = 40;
const bursts = 5;
const eraNames = Object.keys(eras) as (keyof typeof eras)[];

async function main(): Promise<void> {
  console.log(`${machine()}\n`);
  const bridge = await startBridge();
  try {
    await benchCalls(bridge);
    await benchRoundTrip(bridge);
  } finally {
    hangUp();
    await bridge.close();
  }
}

async function benchCalls(bridge: TestBridge): Promise<void> {
  const [floor, endpoint] = [await bareKoa(), await endpointOnly()];
  try {
    const bare: Subject = { name: 'bare Koa JSON route', once: () => askBareKoa(floor.url) };
    const protocolOnly = eraNames.map((era) =>
      subject(`/mcp, ${era} era, tool that does nothing`, () => callTool(endpoint.url, 'slk_bench', era, 'nothing', {})),
    );
    const whole: Subject[] = [];
    for (const era of eraNames) {
      const { secret } = await bridge.issue({ name: `bench ${era}` });
      whole.push(
        subject(`/mcp, ${era} era, get_status of a whole bridge`, () => callTool(bridge.mcpUrl, secret, era, 'get_status', {})),
      );
    }
    const timings = await interleaved([bare, ...protocolOnly, ...whole], callRounds, warmups);
    const rates = await throughput([bare, ...protocolOnly], connections, callsPerConnection, bursts);
    const floorRate = rates.get(bare.name) ?? Number.NaN;
    console.log(
      `One tools/call, one after another (median of ${callRounds}); requests a second with ${connections} connections.\n`,
    );
    const rateCells = (rate: number | undefined) =>
      rate === undefined ? ['–', '–'] : [rate.toFixed(0), (rate / floorRate).toFixed(2)];
    console.log(
      table(
        ['', 'median ms', '× bare', 'p95 ms', 'req/s', '× bare'],
        timings.map((timing) => [...cells(timing, timings[0]), ...rateCells(rates.get(timing.name))]),
      ),
    );
  } finally {
    await Promise.all([floor.close(), endpoint.close()]);
  }
}

async function benchRoundTrip(bridge: TestBridge): Promise<void> {
  const bare = await echo();
  const agent = new SimulatedAgent({
    url: bridge.agentUrl,
    key: bridge.enrolKey,
    scenario: checkout(),
    passesPerSecond: 1_000,
    seed: 1,
  });
  await agent.start();
  const parts = new Map<string, number[]>();
  try {
    const trips: Subject[] = [];
    for (const era of eraNames) {
      const { secret } = await bridge.issue({ name: `bench trip ${era}` });
      trips.push(subject(`take_snapshot → agent → hit → answer, ${era} era`, () => snapshot(bridge, secret, era, parts)));
    }
    const timings = await interleaved([{ name: 'bare WebSocket echo', once: bare.once }, ...trips], tripRounds, warmups);
    console.log(`\nA round trip through an agent whose line runs 1000 times a second (median of ${tripRounds}).\n`);
    console.log(
      table(
        ['', 'median ms', '× echo', 'p95 ms'],
        timings.map((timing) => cells(timing, timings[0])),
      ),
    );
    console.log('\nWhere the time goes, as the answers themselves tell.\n');
    console.log(
      table(
        ['part', 'median ms'],
        [...parts].map(([part, values]) => [part, median(values).toFixed(2)]),
      ),
    );
  } finally {
    await agent.stop();
    await bare.close();
  }
}

async function snapshot(bridge: TestBridge, key: string, era: keyof typeof eras, parts: Map<string, number[]>): Promise<unknown> {
  const answer = await callTool(bridge.mcpUrl, key, era, 'take_snapshot', {
    source: { service: 'checkout' },
    file: checkoutFile,
    line: priceLine,
  });
  if (answer.status !== 'completed') throw new Error(`The snapshot did not complete: ${JSON.stringify(answer)}`);
  for (const [part, spentMs] of Object.entries(answer.latencyMs as Record<string, number>)) {
    const values = parts.get(part) ?? [];
    values.push(spentMs);
    parts.set(part, values);
  }
  return answer;
}

function subject(name: string, run: () => Promise<unknown>): Subject {
  return {
    name,
    async once() {
      await run();
    },
  };
}

function cells(timing: Timing, floor: Timing | undefined): string[] {
  return [
    timing.name,
    timing.medianMs.toFixed(2),
    (timing.medianMs / (floor?.medianMs ?? Number.NaN)).toFixed(1),
    timing.p95Ms.toFixed(2),
  ];
}

await main();
