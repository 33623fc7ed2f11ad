import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SimulatedAgent } from '../agents-sim/agent.ts';
import { checkout, checkoutFile, priceLine } from '../agents-sim/scenarios/checkout.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { Action } from '../src/protocol/frames.ts';
import { openWorld } from '../test/hub/world.ts';
import { machine, median, table } from './measure.ts';
import { eras, hangUp, post } from './post.ts';
import { startBridgeProcess } from './scale/bridge.ts';
import { startFleet } from './scale/fleet.ts';
import { typescript } from './scale/loader.ts';

/** Bytes of the answer of a simulated agent to `arm`, and of an `arm` frame with its signature. */
const answerBytes = 160;
const armBytes = 640;
const fanOutRounds = 7;
const quiet = 'quiet-service';

/** What an idle agent costs, what a fan-out costs beside a plain loop of sends, and whether one who floods is felt by a neighbour. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      idle: { type: 'string', default: '10000' },
      arm: { type: 'string', default: '1000,10000' },
      rounds: { type: 'string', default: '60' },
      storm: { type: 'string', default: '10000' },
      only: { type: 'string', default: '' },
    },
  });
  console.log(`${machine()}\n`);
  try {
    for (const count of values.arm.split(',').map(Number)) if (count > 0) await fanOut(count);
    if (Number(values.idle) > 0) await idleAgents(Number(values.idle));
    if (Number(values.rounds) > 0) await neighbours(Number(values.rounds), Number(values.storm), values.only);
  } finally {
    hangUp();
  }
}

async function idleAgents(count: number): Promise<void> {
  const bridge = await startBridgeProcess({});
  try {
    const warm = await startFleet(bridge.agentUrl, bridge.enrolKey, 100);
    const before = await bridge.usage();
    const fleet = await startFleet(bridge.agentUrl, bridge.enrolKey, count, 2);
    const connected = await bridge.usage();
    await sleep(10_000);
    const later = await bridge.usage();
    const each = (bytes: number) => (bytes / 1_024 / count).toFixed(1);
    console.log(
      `\n${count} idle agents: ${each(connected.rssBytes - before.rssBytes)} kB of memory each (${each(connected.heapBytes - before.heapBytes)} kB of heap), ` +
        `${(((later.cpuMicros - connected.cpuMicros) / 1e7) * 100).toFixed(1)} % of a core for all.`,
    );
    await fleet.stop();
    await warm.stop();
  } finally {
    await bridge.close();
  }
}

/**
 * The hub arms every agent, beside a plain loop that sends as much to as many sockets, until the last answer; in turn, medians.
 * Both talk to clients that cost the same: real agents check the bridge's signature each on its own machine.
 */
async function fanOut(count: number): Promise<void> {
  const world = await openWorld({ maxConnections: count + 10, answerMs: 60_000, beatMs: 600_000, maxSilenceMs: 3_600_000 });
  const agents = await connected(spawnTsx('light-agents.ts', [world.url, 'any', String(count)]));
  const plain = fork(scale('plain-loop.ts'), [count, armBytes, answerBytes].map(String), { execArgv: [...typescript] });
  await once(plain, 'message');
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < fanOutRounds; round += 1) {
    const action = { ...template, id: `act_${round}` };
    const startedAt = performance.now();
    await Promise.all(world.hub.agents('acme').map(({ id }) => world.hub.arm('acme', id, action)));
    ours.push(performance.now() - startedAt);
    plain.send('go');
    theirs.push((await once(plain, 'message'))[0] as number);
  }
  const ratio = median(ours.map((ms, round) => ms / (theirs[round] ?? Number.NaN)));
  console.log(
    `\nArming ${count} agents: ${median(ours).toFixed(0)} ms until the last answer, ${ratio.toFixed(2)} times a plain loop of sends (${median(theirs).toFixed(0)} ms).`,
  );
  plain.disconnect();
  agents.kill('SIGKILL');
  await world.end();
}

const template: Omit<Action, 'id'> = {
  rev: 1,
  kind: 'snapshot',
  where: { file: checkoutFile, line: priceLine },
  expressions: ['order.id'],
  limits: { hits: 1, depth: 3, ttlMs: 60_000 },
};

/** A snapshot of a quiet service while others flood, in turn with one while nobody does. */
async function neighbours(rounds: number, storming: number, only: string): Promise<void> {
  const bridge = await startBridgeProcess({});
  const agent = new SimulatedAgent({
    ...{ url: bridge.agentUrl, key: bridge.enrolKey, passesPerSecond: 1_000, seed: 1 },
    scenario: { ...checkout(), service: quiet },
  });
  await agent.start();
  const noisy = await bridge.issue('noisy');
  // One for each flood: hits by the hour are counted.
  let key = await bridge.issue('quiet');
  const snapshots = new URL('/api/v1/snapshots', bridge.mcpUrl).href;
  const line = { template: '{order.id}', maxHits: 50, timeoutSeconds: 600 };
  const noisyHeaders = { Authorization: `Bearer ${noisy}` };
  const nobody = { source: { service: 'nobody' }, file: checkoutFile, line: priceLine };
  const snapshot = async (): Promise<number> => {
    const startedAt = performance.now();
    await post(
      snapshots,
      { source: { service: quiet }, file: checkoutFile, line: priceLine, waitSeconds: 50 },
      { Authorization: `Bearer ${key}` },
    );
    return performance.now() - startedAt;
  };
  const floods: Record<string, () => Promise<() => Promise<void>>> = {
    'an agent that sends hits as fast as they are read': async () => {
      const stop = await flooding('flood.ts', [bridge.agentUrl, bridge.enrolKey]);
      await post(new URL('/api/v1/logs', bridge.mcpUrl).href, { ...nobody, source: { service: 'flood' }, ...line }, noisyHeaders);
      return stop;
    },
    'a caller with 200 calls at a time': () => flooding('flood-calls.ts', [snapshots, noisy, JSON.stringify(nobody)]),
    '20 callers with 10 calls at a time each': () =>
      flooding('flood-calls.ts', [snapshots, services.join(), JSON.stringify(nobody)]),
    'a caller with 200 summaries of 50 large hits at a time': () => reading('get_hits', { actionId: large }),
    'a caller with 200 comparisons of 50 large hits at a time': () =>
      reading('compare_hits', { a: { actionIds: [large], where: 'object3.field3 == "some words of a program 0"' } }),
    '50 agents that come and go without an end': () => flooding('flood-reconnects.ts', [bridge.agentUrl, bridge.enrolKey]),
    [`${storming} agents that connect at once`]: async () => {
      const fleet = startFleet(bridge.agentUrl, bridge.enrolKey, storming, 3);
      return async () => {
        await (await fleet).stop();
      };
    },
  };
  const services = await Promise.all(Array.from({ length: 20 }, (_, turn) => bridge.issue(`service ${turn}`)));
  const largeAgent = await connected(spawnTsx('large-hits.ts', [bridge.agentUrl, bridge.enrolKey]));
  const all = { source: { service: 'large' }, file: 'f', line: 1, maxHits: 50, waitSeconds: 50 };
  const { actionId: large } = JSON.parse(await post(snapshots, all, noisyHeaders)) as { actionId: string };
  const reading = (tool: string, args: object) => {
    const { body, headers } = eras.legacy(tool, args);
    return flooding('flood-calls.ts', [bridge.mcpUrl, noisy, JSON.stringify(body), JSON.stringify(headers)]);
  };
  const rows: string[][] = [];
  try {
    for (let warmup = 0; warmup < 10; warmup += 1) await snapshot();
    for (const [name, flood] of Object.entries(floods)) {
      if (!name.includes(only)) continue;
      const [calm, loud]: [number[], number[]] = [[], []];
      key = await bridge.issue(`quiet, ${name}`.slice(0, 60));
      for (let turn = 0; turn < 3; turn += 1) {
        for (let round = 0; round < rounds / 3; round += 1) calm.push(await snapshot());
        const stop = await flood();
        for (let round = 0; round < rounds / 3; round += 1) loud.push(await snapshot());
        await stop();
        await sleep(2_000);
      }
      rows.push([name, median(calm).toFixed(1), median(loud).toFixed(1), (median(loud) / median(calm)).toFixed(2)]);
    }
    console.log(`\nA snapshot of a neighbour, median ms\n\n${table(['while there is', 'quiet', 'flooded', '×'], rows)}`);
  } finally {
    largeAgent.kill('SIGKILL');
    await agent.stop();
    await bridge.close();
  }
}

/** A program that floods, until the returned function is called. */
async function flooding(name: string, args: readonly string[]): Promise<() => Promise<void>> {
  const child = await connected(spawnTsx(name, args));
  return async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
}

const scale = (name: string) => fileURLToPath(new URL(`./scale/${name}`, import.meta.url));

const spawnTsx = (name: string, args: readonly string[]) =>
  spawn(process.execPath, [...typescript, scale(name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

/** Waits for its first line. */
async function connected(child: ReturnType<typeof spawnTsx>): Promise<typeof child> {
  await once(createInterface({ input: child.stdout }), 'line');
  return child;
}

const sleep = (ms: number) => new Promise<void>((resolve) => void systemClock.after(ms, resolve));

await main();
process.exit(0);
