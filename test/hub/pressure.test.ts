import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { liar, lies } from '../../agents-sim/scenarios/liar.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { ending, helloFrame, hitFrame, parsed, rawAgent, rawSocket } from './raw.ts';
import { newAction, openWorld, until, type World } from './world.ts';

let world: World;
afterEach(() => world.end());

describe('silence', () => {
  it('of an agent that does not beat ends its connection', async () => {
    world = await openWorld({ beatMs: 100 });
    const frames: string[] = [];
    const startedAt = performance.now();
    const socket = await rawAgent(world, 'silent-agent', frames);
    const { code } = await ending(socket, frames);
    expect(code).toBe(1006);
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    expect(parsed(frames).filter((frame) => frame.t === 'beat').length).toBeGreaterThanOrEqual(2);
    await until('signed off', () => world.handlers.count('disconnected') === 1);
  });

  it('of the path is found out by both sides, and the agent comes back', async () => {
    world = await openWorld({ beatMs: 100, maxSilenceMs: 400 });
    const agent = world.agent({ faults: { drop: 0.3 }, seed: 7 });
    await agent.start();
    await until('it was lost and came back', () => world.handlers.count('connected') >= 2);
    expect(world.handlers.count('disconnected')).toBeGreaterThanOrEqual(1);
  });

  it('of the bridge makes the agent drop its probes within the silence it was told', async () => {
    world = await openWorld({ beatMs: 60_000, maxSilenceMs: 300 });
    const agent = world.agent();
    await agent.start();
    await world.hub.arm('acme', agent.id, newAction());
    const [probe] = agent.probes.states.values();
    await until('suspended', () => probe?.state === 'suspended', 2_000);
  });

  it('means nothing while it is the bridge that does not read', async () => {
    world = await openWorld({ beatMs: 50, framesPerSecond: 10, frameBurst: 5, pauseAtFrames: 4 });
    const frames: string[] = [];
    const socket = await rawAgent(world, 'eager-agent', frames);
    for (let count = 0; count < 12; count += 1) socket.send('{"t":"someday"}');
    await until('all are answered', () => parsed(frames).filter((frame) => frame.t === 'error').length === 12);
    expect(socket.readyState).toBe(1);
    socket.terminate();
  });
});

describe('many agents at once', () => {
  it('are let in a few at a time of each key, others beside them, and who leaves meanwhile is passed over', async () => {
    world = await openWorld({ helloMs: 300, admissions: { each: 4, all: 8 } });
    let open = (): void => undefined;
    const gate = new Promise<void>((go) => {
      open = go;
    });
    const asked: string[] = [];
    world.handlers.objection = async (hello) => {
      asked.push(hello?.agent.id ?? '');
      await gate;
      return undefined;
    };
    const frames: string[] = [];
    const sockets = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const socket = await rawSocket(world, frames);
      socket.send(JSON.stringify(helloFrame(`same-key-${turn}`)));
      sockets.push(socket);
    }
    await until('four are looked at', () => asked.length === 4);
    const other = world.agent({ key: 'other' });
    const started = other.start();
    await until('the other, too', () => asked.length === 5);
    sockets[4]?.terminate();
    // Longer than a hello may take: who waits has said it.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(asked).toHaveLength(5);
    open();
    await started;
    await until('all but one are in', () => world.handlers.count('connected') === 6);
    expect(asked).not.toContain('same-key-4');
    expect(parsed(frames).filter((frame) => frame.t === 'error')).toEqual([]);
  });
});

describe('a flood', () => {
  it('of one agent is taken in at a bounded rate, while another is armed and told as ever', async () => {
    world = await openWorld();
    const calm = world.agent();
    await calm.start();

    const frames: string[] = [];
    const flooder = await rawAgent(world, 'flood-agent', frames);
    const action = newAction({ limits: { hits: 50 } });
    const asked = world.hub.arm('acme', 'flood-agent', action);
    await until('asked', () => parsed(frames).some((frame) => frame.t === 'arm'));
    flooder.send(JSON.stringify({ t: 'state', n: 1, id: action.id, rev: 1, state: 'armed', hits: 0 }));
    await asked;
    let n = 1;
    let sent = 0;
    const pump = setInterval(() => {
      // What the socket cannot take shows that the bridge stopped reading; more would only fill our own memory.
      while (flooder.readyState === 1 && flooder.bufferedAmount < 1_000_000 && sent - world.handlers.count('hit') < 5_000) {
        n += 1;
        sent += 1;
        flooder.send(hitFrame(action.id, n, 1).replace('"stack":[]', `"stack":[],"fill":"${'x'.repeat(5_000)}"`));
      }
    }, 5);
    await until('the flood is on', () => sent > 500);
    // How much slower is for bench/pressure.ts: here the flood comes from the same process.
    for (let count = 0; count < 20; count += 1) {
      const one = newAction();
      expect(await world.hub.arm('acme', calm.id, one)).toMatchObject({ state: 'armed' });
      await world.hub.remove('acme', calm.id, one.id, 'cancelled');
    }
    clearInterval(pump);
    flooder.terminate();
    // Burst and rate bound what came through; without them it is thousands.
    expect(world.handlers.count('hit')).toBeLessThan(1_000);
  });

  it('of more small frames than can wait ends the connection', async () => {
    // Never paused, as when they all stand in what one read of the socket brought; else it depends on how they are cut up.
    const all = { pauseAtFrames: Number.POSITIVE_INFINITY };
    world = await openWorld({ ...all, maxQueuedFrames: 100, framesPerSecond: 1, frameBurst: 1 });
    const frames: string[] = [];
    const socket = await rawAgent(world, 'flood-agent', frames);
    const ended = ending(socket, frames);
    // In one piece: while it rests for its rate, nothing more is read.
    const below = (socket as unknown as { _socket: Socket })._socket;
    below.cork();
    for (let count = 0; count < 2_000; count += 1) socket.send('{}');
    below.uncork();
    expect(await ended).toEqual({ code: 1008, error: 'rate' });
  });
});

describe('a slow reader', () => {
  it('is cut before it costs memory', async () => {
    world = await openWorld({ maxBufferedBytes: 256 * 1024, beatMs: 60_000 });
    const socket = await rawAgent(world, 'slow-agent');
    socket.pause();
    const hidden = { big: Array.from({ length: 1_000 }, (_, index) => `word ${index} ${'x'.repeat(60)}`) };
    world.handlers.agentPolicy = { names: { hidden, harmlessEndings: [], harmlessBeginnings: [] }, pause: false };
    await until('it is cut', () => {
      world.hub.setPolicy('acme');
      return world.hub.agents('acme').length === 0;
    });
    socket.terminate();
  });
});

describe('a lying agent', () => {
  it.each(Object.keys(lies) as (keyof typeof lies)[])('that lies with %s harms nobody and passes no limit', async (lie) => {
    world = await openWorld({ frameBurst: 1_000, maxQueuedFrames: 2_000, maxBadFrames: 1_000 });
    const honest = world.agent({ key: 'check' });
    const lying = world.agent({ scenario: liar([lie]) });
    await Promise.all([honest.start(), lying.start()]);
    const asked = [newAction({ limits: { hits: 3 } }), newAction({ limits: { hits: 3 } })];
    // The answer to the second question comes behind every lie that the first one brought.
    for (const action of asked) {
      const answer = world.hub.arm('acme', lying.id, action);
      // One of its frames is longer than any may be, which ends the connection.
      if (lie === 'long') await answer.catch((refusal) => expect(refusal).toBeInstanceOf(Refusal));
      else await answer;
    }

    for (const hit of world.handlers.hits()) {
      const isAsked = hit.rev === 1 && asked.some((action) => action.id === hit.id);
      expect(hit.isAsked).toBe(isAsked);
      // What was not asked for the store looks at: it may be of an action that has ended.
      if (!isAsked) continue;
      expect(hit.hit).toBeGreaterThanOrEqual(1);
      expect(hit.hit).toBeLessThanOrEqual(3);
      expect(new Date(hit.ts).toISOString()).toBeTypeOf('string');
    }
    for (const event of world.handlers.events) {
      if (event.on !== 'state') continue;
      expect(asked.map((action) => action.id)).toContain(event.frame.id);
      expect(event.frame.hits).toBeLessThanOrEqual(50);
      expect(JSON.stringify(event.frame).length).toBeLessThan(70_000);
      expect(JSON.stringify(event.frame)).not.toMatch(/\\u0000|\\u001b|\u202e|\u200b/);
      expect(event.frame.state).not.toBe('failed');
    }
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    expect(await world.hub.arm('acme', honest.id, newAction())).toMatchObject({ state: 'armed' });
  });
});
