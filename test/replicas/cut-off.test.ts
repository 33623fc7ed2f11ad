import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshSeed } from '../../agents-sim/random.ts';
import { markedLine, type Program, startProgram, until } from '../helpers/program.ts';
import { hasPostgres } from '../storage/engines.ts';
import { mistakesIn, orphansAfter } from './books.ts';
import { aliveIn } from './fleet.ts';
import { amiss, figuresOf, type Load, plainly, startLoad } from './load.ts';
import { hasNamespaces, makeNetwork, type Network, type Room } from './namespaces.ts';
import { openFrom } from './room-bridge.ts';
import { type Together, together } from './world.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
/** Longer than a lease of 15 s, and than the 8 s of silence after which an agent gives up. */
const awayMs = 20_000;
/** What README promises: without its bridge an agent has removed every probe by then. */
const promisedMs = 10_000;
/**
 * Above its wait: 15 s for the statement that is never answered, then 5 s in vain for a new connection to take back what was placed, 5 s
 * to record the refusal, and what a busy machine takes.
 */
const slackMs = 30_000;
/** Three beats of 2 s, looked at every 2 s, and what a busy machine takes; a bridge that has yet to work on what the agent sent looks later. */
const noticedMs = 15_000;
const program = fileURLToPath(new URL('../flow/programs/ticker.mjs', import.meta.url));
const isPossible = hasPostgres && (await hasNamespaces());
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const since = (at: number) => performance.now() - at;
const rounded = (ms: number) => `${Math.round(ms)} ms`;

describe.skipIf(!isPossible)(`a network that loses everything without a word, seed ${seed}`, () => {
  let network: Network;
  let roomOne: Room;
  let roomOfProgram: Room;
  let all: Together;
  let ticker: Program;
  let loads: Load[];
  beforeAll(async () => {
    network = await makeNetwork(3);
    [roomOne, , roomOfProgram] = network.rooms as [Room, Room, Room];
    all = await together({ replicas: 2, agents: 4, seed, network });
    const { members, keys } = all.fleet;
    const url = members[0]?.running.first.agentUrl ?? '';
    ticker = startProgram({ file: program, service: 'ticker', url, key: keys.enrolKey, node: roomOfProgram.node });
    await ticker.printed(/ready/);
    await until('the program is known', () => isListed('ticker'), 30_000);
  }, 120_000);
  afterAll(async () => {
    await ticker?.stop();
    await all?.close();
    await network?.close();
  }, 60_000);

  const bridges = () => {
    const [one, two] = all.fleet.members;
    if (one === undefined || two === undefined) throw new Error('There are two.');
    return { one, two };
  };
  const ask = (member: { running: { first: { mcpUrl: string } } }) =>
    plainly(member.running.first.mcpUrl, all.fleet.keys.fullKey);
  const readyz = async () =>
    (await (await fetch(`http://${roomOne.address}:7433/readyz`)).json()) as { status: string; checks: Record<string, boolean> };
  /** Whether an agent of this service is connected as far as the second bridge knows. */
  async function isListed(service: string): Promise<true | undefined> {
    const { structured } = await ask(bridges().two)('list_sources', {}, 20_000);
    const agents = structured.agents as { service: string; connected?: boolean }[];
    return agents.some((agent) => agent.service === service && agent.connected === true) || undefined;
  }
  const isWatched = () => /"watched":(true|false)(?!.*"watched")/s.exec(ticker.output())?.[1] === 'true';
  const whenWatched = (wanted: boolean, withinMs: number) =>
    until(
      `the program is ${wanted ? '' : 'not '}watched`,
      () => (isWatched() === wanted ? performance.now() : undefined),
      withinMs,
    );

  /** Callers at both bridges, and a probe in the real program that outlives the cut. */
  async function begin(): Promise<string> {
    const { one, two } = bridges();
    const keys = [all.fleet.keys.fullKey];
    loads = [one, two].map(({ running }, index) =>
      startLoad({ mcpUrl: running.first.mcpUrl, keys, seed: seed + index, callers: 3, slackMs }),
    );
    const place = { source: { service: 'ticker' }, file: program, line: markedLine(program) };
    const { structured } = await ask(one)('count_hits', { ...place, timeoutSeconds: 120, waitSeconds: 0 }, 20_000);
    expect(structured.error).toBeUndefined();
    await whenWatched(true, 10_000);
    const before = all.acknowledged.size;
    await until('hits come', () => all.acknowledged.size > before + 5 || undefined);
    return structured.actionId;
  }

  /** Ends the load and the probe, prints what was seen, and fails where a promise was not kept. */
  async function judge(story: string, actionId: string): Promise<void> {
    const { world, agents, acknowledged } = all;
    await Promise.all(loads.map((load) => load.stop()));
    const { structured } = await ask(bridges().two)('cancel_actions', { actionIds: [actionId] }, 20_000);
    expect(structured.error).toBeUndefined();
    const orphans = await orphansAfter(world.db, agents, 40_000);
    await whenWatched(false, promisedMs);
    const lost = await acknowledged.lostIn(world.db);
    const mistakes = await mistakesIn(world.db);
    console.log(`seed ${seed}, ${story}`);
    for (const [index, { ended }] of loads.entries()) console.log(`seed ${seed}, bridge ${index}: ${figuresOf(ended)}`);
    console.log(
      `seed ${seed}: ${acknowledged.size} hits acknowledged, ${lost.length} lost, ${mistakes.length} mistakes, ${orphans.length} probes left`,
    );
    expect(orphans).toEqual([]);
    expect(lost).toEqual([]);
    expect(mistakes).toEqual([]);
    for (const { ended } of loads) expect(amiss(ended, () => false)).toEqual([]);
  }

  it('between a bridge and its database: it says so, its callers are refused in time, and it comes back by itself', async () => {
    const { world, agents } = all;
    const actionId = await begin();
    await network.cut(roomOne.address, network.host.database);
    const cutAt = performance.now();
    const notReadyMs = await until('it says so', async () => {
      const { status, checks } = await readyz();
      return status === 'not ready' && checks.database === false ? since(cutAt) : undefined;
    });
    const goneMs = await until(
      'its lease ends',
      async () => ((await aliveIn(world.db)).length === 1 ? since(cutAt) : undefined),
      30_000,
    );
    expect(await isListed('ticker')).toBeUndefined();
    await pause(Math.max(0, awayMs - since(cutAt)));
    await network.mend(roomOne.address, network.host.database);
    const mendedAt = performance.now();
    const readyMs = await until('ready', async () => ((await readyz()).status === 'ready' ? since(mendedAt) : undefined), 60_000);
    await until('agents are connected', () => agents.every(({ state }) => state === 'connected') || undefined, 30_000);
    await until('the program is known', () => isListed('ticker'), 30_000);
    const knownMs = since(mendedAt);
    const watchedMs = (await whenWatched(true, 30_000)) - mendedAt;
    const figures = `not ready after ${rounded(notReadyMs)}, lease over after ${rounded(goneMs)}; mended: ready after ${rounded(readyMs)}, all agents known after ${rounded(knownMs)}, program watched after ${rounded(Math.max(0, watchedMs))}`;
    await judge(`bridge 0 cut off from the database: ${figures}`, actionId);
  }, 240_000);

  it('between agents and their bridge: both ends notice by the silence, probes go, and what is still wanted comes back', async () => {
    const { agents } = all;
    const { one } = bridges();
    const mine = agents.filter((_, index) => index % 2 === 0);
    const actionId = await begin();
    const ways = [network.host.agents, roomOfProgram.address];
    expect(await Promise.all(ways.map((way) => openFrom(way, one.running)))).toEqual([mine.length, 1]);
    for (const way of ways) await network.cut(roomOne.address, way);
    const cutAt = performance.now();
    const [unwatchedMs, lostMs, forgottenMs, closedMs] = await Promise.all([
      whenWatched(false, 30_000).then((at) => at - cutAt),
      until('agents notice', () => mine.every(({ state }) => state !== 'connected') || undefined, 30_000).then(() =>
        since(cutAt),
      ),
      until('the bridge notices', async () => ((await isListed('ticker')) ? undefined : since(cutAt)), 30_000),
      until(
        'nothing is half open',
        async () =>
          (await Promise.all(ways.map((way) => openFrom(way, one.running)))).every((open) => open === 0)
            ? since(cutAt)
            : undefined,
        30_000,
      ),
    ]);
    const away = await ask(one)(
      'take_snapshot',
      { source: { service: 'ticker' }, file: program, line: markedLine(program), timeoutSeconds: 5, waitSeconds: 1 },
      20_000,
    );
    await pause(Math.max(0, awayMs - since(cutAt)));
    for (const way of ways) await network.mend(roomOne.address, way);
    const mendedAt = performance.now();
    await until('agents are connected', () => agents.every(({ state }) => state === 'connected') || undefined, 30_000);
    const backMs = since(mendedAt);
    const watchedMs = (await whenWatched(true, 30_000)) - mendedAt;
    const figures = `probes gone after ${rounded(unwatchedMs)}, agents noticed after ${rounded(lostMs)}, the bridge after ${rounded(forgottenMs)}, its sockets gone after ${rounded(closedMs)}; mended: agents back after ${rounded(backMs)}, program watched after ${rounded(watchedMs)}`;
    await judge(`agents cut off from bridge 0: ${figures}`, actionId);
    expect(away.structured.error).toMatchObject({ code: 'not_found', next: expect.stringContaining('list_sources') });
    for (const ms of [unwatchedMs, lostMs]) expect(ms).toBeLessThan(promisedMs);
    expect(forgottenMs).toBeLessThan(noticedMs);
  }, 240_000);
});
