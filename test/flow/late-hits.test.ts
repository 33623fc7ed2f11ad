import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { dial } from '../../agents-sim/hello.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { connected, markedLine, startProgram, until } from '../helpers/program.ts';
import { acks, helloFrame, hitFrame, parsed, rawSocket } from '../hub/raw.ts';
import { startWire } from '../replicas/wire.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

/** Nobody listens there. */
const nowhere = 'ws://127.0.0.1:1/agent';

/** An agent that connects to where it is told. */
async function roaming(bridge: TestBridge, agents: SimulatedAgent[], id: string) {
  const way = { url: bridge.agentUrl };
  const agent = await startAgent(bridge, { id, connect: (_, key) => dial(way.url, key) });
  agents.push(agent);
  return {
    agent,
    async cutOff() {
      way.url = nowhere;
      agent.disconnect();
      await until('it is cut off', () => agent.state !== 'connected' || undefined);
    },
    async backAt({ agentUrl }: Pick<TestBridge, 'agentUrl'>) {
      way.url = agentUrl;
      await until('it is back', () => agent.state === 'connected' || undefined);
    },
  };
}

const read = async (caller: Caller, actionId: string) =>
  (await caller.call('get_hits', { actionId, view: 'raw', maxBytes: 60_000 })).structured;
const ended = (caller: Caller, actionId: string) =>
  until('it has ended', async () => ((await read(caller, actionId)).status !== 'pending' ? true : undefined));

describe('hits that an agent took before the end and delivers after it', () => {
  let bridge: TestBridge;
  let caller: Caller;
  const agents: SimulatedAgent[] = [];
  beforeAll(async () => {
    bridge = await startBridge();
    caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  }, 60_000);
  afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.stop())));
  afterAll(async () => {
    await caller?.close();
    await bridge?.close();
  });

  const place = async (args: Record<string, unknown>) =>
    (await caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0, ...args })).structured.actionId;

  it('are read like others, never more than asked for, and the action stays ended', async () => {
    const { agent, cutOff, backAt } = await roaming(bridge, agents, 'cut-off-agent');
    const left = async () =>
      (await caller.call('get_status')).structured.quotas.find(({ quota }) => quota === 'hits_per_hour')?.left ?? 0;
    const before = await left();
    const args = { ...onCheckout, maxHits: 3, timeoutSeconds: 6, waitSeconds: 0 };
    const { actionId, expiresAt } = (await caller.call('take_snapshot', args)).structured;
    agent.pass();
    await until('the first is stored', async () => ((await read(caller, actionId)).hitCount === 1 ? true : undefined));
    await cutOff();
    agent.pass(9);
    // On a machine that is too busy they would be taken after the end, and nothing would be owed.
    expect(Date.now()).toBeLessThan(Date.parse(expiresAt));
    await ended(caller, actionId);
    await backAt(bridge);
    await until('they are there', async () => ((await read(caller, actionId)).hitCount === 3 ? true : undefined));
    const answer = await read(caller, actionId);
    expect(answer).toMatchObject({ status: 'expired', hits: [{ number: 1 }, { number: 2 }, { number: 3 }] });
    const again = (await caller.call('wait_for_hits', { actionId })).structured;
    expect(again).toMatchObject({ status: 'expired', hitCount: 3, targets: [{ agentId: agent.id }] });
    expect(await left()).toBe(before - 3);
    expect(agent.probes.armed).toBe(0);
  }, 30_000);

  it('are not stored where the caller cancelled', async () => {
    const acknowledged: string[] = [];
    const way = { url: bridge.agentUrl };
    const agent = await startAgent(bridge, {
      id: 'cancelled-agent',
      connect: (_, key) => dial(way.url, key),
      acknowledged: (frames) => acknowledged.push(...frames),
    });
    agents.push(agent);
    const actionId = await place({ maxHits: 3, timeoutSeconds: 30 });
    way.url = nowhere;
    agent.disconnect();
    agent.pass();
    await caller.call('cancel_actions', { actionIds: [actionId] });
    way.url = bridge.agentUrl;
    await until('it is acknowledged', () => acknowledged.some((frame) => frame.includes('"hit"')) || undefined);
    expect(await read(caller, actionId)).toMatchObject({ status: 'cancelled', hitCount: 0, hits: [] });
  }, 30_000);

  it('were taken before the end whatever the clock of their agent says, and those that were not are left out', async () => {
    const dayMs = 86_400_000;
    const clock = () => Date.now() - dayMs;
    const connect = async () => {
      const frames: string[] = [];
      const socket = await rawSocket({ url: bridge.agentUrl }, frames, bridge.enrolKey);
      socket.send(JSON.stringify({ ...helloFrame('agent-of-yesterday'), now: clock() }));
      await until('it is welcomed', () => frames.some((frame) => frame.includes('"welcome"')) || undefined);
      return { socket, frames };
    };
    const before = await connect();
    const placing = place({ source: { service: 'raw' }, maxHits: 5, timeoutSeconds: 2 });
    const arm = await until('it is asked', () => parsed(before.frames).find((frame) => frame.t === 'arm'));
    const { id } = arm.action;
    before.socket.send(JSON.stringify({ t: 'state', n: 1, id, rev: 1, state: 'armed', hits: 0 }));
    expect(await placing).toBe(id);
    const takenAt = clock();
    before.socket.terminate();
    await ended(caller, id);
    const after = await connect();
    const tries = [takenAt, takenAt - 60_000, takenAt + 60_000, takenAt + dayMs, takenAt + 1];
    for (const [index, ts] of tries.entries())
      after.socket.send(JSON.stringify({ ...JSON.parse(hitFrame(id, index + 2, index + 1)), ts }));
    await until('all are dealt with', () => acks(after.frames).includes(tries.length + 1) || undefined);
    expect((await read(caller, id)).hits.map((hit) => hit.capturedAt)).toEqual(
      [takenAt, takenAt + 1].map((at) => new Date(at).toISOString()),
    );
    after.socket.terminate();
  }, 30_000);

  it('come from a real agent, too', async () => {
    const file = fileURLToPath(new URL('./programs/ticker.mjs', import.meta.url));
    const wire = await startWire(bridge.agentUrl);
    const program = startProgram({ file, service: 'late-ticker', url: wire.url, key: bridge.enrolKey });
    await connected(bridge, 'late-ticker');
    const source = { service: 'late-ticker' };
    const args = { source, file: 'ticker.mjs', line: markedLine(file), condition: 'wanted', expressions: ['count'] };
    const actionId = await place({ ...args, maxHits: 2, timeoutSeconds: 4 });
    await program.printed(/"watched":true/);
    wire.cut('reset');
    program.child.kill('SIGUSR2');
    // Its two hits are taken: it takes the probe off by itself.
    await program.printed(/"watched":true[\s\S]*"watched":false/);
    await ended(caller, actionId);
    expect(await read(caller, actionId)).toMatchObject({ status: 'expired', hitCount: 0 });
    wire.mend();
    const hits = await until('they are there', async () => {
      const { hitCount, hits } = await read(caller, actionId);
      return hitCount === 2 ? hits : undefined;
    });
    expect(hits).toMatchObject([{ variables: { wanted: true } }, { variables: { wanted: true } }]);
    await program.stop();
    await wire.close();
  }, 60_000);
});

describe.skipIf(!hasPostgres)('late hits with two bridges', () => {
  let world: World;
  let parent: string;
  let one: TestBridge;
  let two: TestBridge;
  let caller: Caller;
  const agents: SimulatedAgent[] = [];
  beforeAll(async () => {
    world = await postgresWorld();
    parent = await mkdtemp(join(tmpdir(), 'sidelight-late-'));
    const settings = (name: string) => ({ data: join(parent, name), 'database-url': world.url ?? '' });
    one = await startBridge(settings('one'));
    two = await startBridge({ ...settings('two'), 'secret-file': join(parent, 'one', 'secret') });
    caller = await connectCaller(one.mcpUrl, one.fullKey);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await caller?.close();
    await Promise.all([one?.close(), two?.close()]);
    await world?.close();
    await rm(parent, { recursive: true, force: true });
  }, 60_000);

  it('come by the other one, which the agent has gone to, and are stored once', async () => {
    const { agent, cutOff, backAt } = await roaming(one, agents, 'moving-agent');
    const args = { ...onCheckout, maxHits: 5, timeoutSeconds: 3, waitSeconds: 0 };
    const { actionId } = (await caller.call('take_snapshot', args)).structured;
    await cutOff();
    agent.pass(2);
    await ended(caller, actionId);
    await backAt({ agentUrl: two.agentUrl });
    await until('they are there', async () => ((await read(caller, actionId)).hitCount === 2 ? true : undefined));
    await cutOff();
    await backAt({ agentUrl: one.agentUrl });
    expect(await read(caller, actionId)).toMatchObject({ status: 'expired', hitCount: 2, hits: [{ number: 1 }, { number: 2 }] });
  }, 30_000);
});
