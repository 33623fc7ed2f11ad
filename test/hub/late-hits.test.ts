import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import { acks, helloFrame, hitFrame, parsed, rawAgent, rawSocket } from './raw.ts';
import { newAction, openWorld, until, type World } from './world.ts';

let world: World;

afterEach(() => world.end());

describe('a hit that was not asked for on this connection', () => {
  it('is handed on as such, and acknowledged once it is dealt with', async () => {
    world = await openWorld();
    const frames: string[] = [];
    const socket = await rawAgent(world, 'agent-of-before', frames);
    const action = newAction();
    void world.hub.arm('acme', 'agent-of-before', action).catch(() => undefined);
    await until('asked', () => parsed(frames).some((frame) => frame.t === 'arm'));
    let go = () => {};
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    world.handlers.before.hit = () => wait;
    socket.send(hitFrame('act_of_before', 1, 1));
    socket.send(hitFrame(action.id, 2, 1));
    await until('both have come', () => world.hub.agents('acme').length === 1);
    expect(acks(frames)).toEqual([]);
    go();
    await until('both are acknowledged', () => acks(frames).includes(2));
    expect(world.handlers.hits().map(({ id, isAsked }) => [id, isAsked])).toEqual([
      ['act_of_before', false],
      [action.id, true],
    ]);
    socket.terminate();
  });

  it('is dropped where there are more of them than an agent can have kept, and what was asked for goes on', async () => {
    world = await openWorld({ frameBurst: 1_000 });
    const frames: string[] = [];
    const socket = await rawAgent(world, 'agent-inventing', frames);
    const action = newAction();
    void world.hub.arm('acme', 'agent-inventing', action).catch(() => undefined);
    await until('asked', () => parsed(frames).some((frame) => frame.t === 'arm'));
    const count = limits.maxUnackedFrames + 20;
    for (let n = 1; n <= count; n += 1) socket.send(hitFrame(`act_made_up_${n}`, n, 1));
    socket.send(hitFrame(action.id, count + 1, 1));
    await until('all are acknowledged', () => acks(frames).includes(count + 1));
    const hits = world.handlers.hits();
    expect(hits.filter(({ isAsked }) => !isAsked)).toHaveLength(limits.maxUnackedFrames);
    expect(hits.at(-1)).toMatchObject({ id: action.id, isAsked: true });
    socket.terminate();
  });

  it('is not acknowledged while it cannot be stored', async () => {
    world = await openWorld();
    const frames: string[] = [];
    const socket = await rawAgent(world, 'agent-patient', frames);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    world.handlers.before.hit = async () => {
      throw new Error('The database is away.');
    };
    socket.send(hitFrame('act_of_before', 1, 1));
    expect(await closed).toBe(1011);
    expect(acks(frames)).toEqual([]);
  });
});

describe('what is known of an agent', () => {
  it.each([-3_600_000, 0, 86_400_000])('is that its clock is ahead by %i ms', async (aheadMs) => {
    world = await openWorld();
    const socket = await rawSocket(world);
    socket.send(JSON.stringify({ ...helloFrame('agent-elsewhen'), now: Date.now() + aheadMs }));
    await until('it is known', () => world.hub.agents('acme').length === 1);
    const { clockAheadMs = Number.NaN } = world.hub.agents('acme')[0] ?? {};
    expect(clockAheadMs).toBeLessThanOrEqual(aheadMs);
    expect(clockAheadMs).toBeGreaterThan(aheadMs - 5_000);
    socket.terminate();
  });

  it('is that it said goodbye, where it did', async () => {
    world = await openWorld();
    const told: [string, boolean][] = [];
    world.handlers.disconnected = async (agent, saidBye) => void told.push([agent.id, saidBye]);
    const leaving = await rawAgent(world, 'agent-leaving');
    leaving.send(JSON.stringify({ t: 'bye', reason: 'exit' }));
    await until('it is gone', () => told.length === 1);
    const broken = await rawAgent(world, 'agent-broken');
    broken.terminate();
    await until('both are gone', () => told.length === 2);
    expect(told).toEqual([
      ['agent-leaving', true],
      ['agent-broken', false],
    ]);
  });
});
