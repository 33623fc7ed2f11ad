import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkoutFile, priceLine } from '../../agents-sim/scenarios/checkout.ts';
import { ackPatience } from '../../src/hub/acks.ts';
import { acks, hitFrame, parsed, rawAgent } from './raw.ts';
import { newAction, openWorld, until, type World } from './world.ts';

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.end());

describe('an agent and its actions', () => {
  it('says hello, is armed, hits, and is done', async () => {
    const agent = world.agent({ version: '1.2.0', environment: 'prod', tags: ['eu-1'] });
    await agent.start();
    expect(world.hub.agents('acme')).toMatchObject([
      {
        id: agent.id,
        org: 'acme',
        pool: 'default',
        enrolmentKeyId: 'k-any',
        hello: { service: 'checkout', version: '1.2.0', tags: ['eu-1'] },
      },
    ]);
    expect(world.hub.agents('globex')).toEqual([]);

    const action = newAction({ expressions: ['order.items.length', 'nowhere'], limits: { hits: 2 } });
    const state = await world.hub.arm('acme', agent.id, action);
    expect(state).toMatchObject({
      id: action.id,
      rev: 1,
      state: 'armed',
      hits: 0,
      at: [{ file: checkoutFile, line: priceLine }],
    });

    agent.pass(5);
    await until('both hits and the end', () => world.handlers.states(action.id).some((frame) => frame.state === 'removed'));
    expect(world.handlers.hits().map((hit) => hit.hit)).toEqual([1, 2]);
    expect(world.handlers.events.map((event) => event.on)).toEqual(['connected', 'state', 'hit', 'hit', 'state']);
  });

  it('may send hits that were under way when their limit was lowered, and no more than it ever had', async () => {
    const frames: string[] = [];
    const socket = await rawAgent(world, 'lowered-agent', frames);
    const { limits, ...action } = newAction({ kind: 'duration', duration: { span: 'function', thresholdMs: 1 } });
    const arm = async (n: number, hits: number) => {
      const answer = world.hub.arm('acme', 'lowered-agent', { ...action, limits: { ...limits, hits } });
      socket.send(JSON.stringify({ t: 'state', n, id: action.id, rev: action.rev, state: 'armed', hits: 0 }));
      await answer;
    };
    await arm(1, 3);
    await arm(2, 1);
    for (const hit of [1, 2, 3, 4]) socket.send(hitFrame(action.id, 2 + hit, hit));
    await until('four answers', () => acks(frames).includes(6));
    expect(world.handlers.hits(action.id).map(({ hit }) => hit)).toEqual([1, 2, 3]);
    expect(parsed(frames).filter(({ t }) => t === 'error')).toHaveLength(1);
    socket.close();
  });

  it('has its desired set armed by the welcome alone', async () => {
    world.handlers.desired = [newAction(), newAction({ condition: 'total > 1' })];
    const agent = world.agent();
    await agent.start();
    expect(agent.probes.armed).toBe(2);
    await until('both states', () => world.handlers.count('state') === 2);
  });

  it('is welcomed first, even when it is armed while it is still being let in', async () => {
    let letIn = () => {};
    const untouched = letIn;
    world.handlers.before.connected = () =>
      new Promise((resolve) => {
        letIn = resolve;
      });
    const frames: string[] = [];
    const welcomed = rawAgent(world, 'early-agent', frames);
    await until('it is being let in', () => letIn !== untouched);
    expect(world.hub.agents('acme')).toHaveLength(1);
    const action = newAction();
    const armed = world.hub.arm('acme', 'early-agent', action);
    await new Promise((resolve) => setImmediate(resolve));
    expect(frames).toEqual([]);
    letIn();
    const socket = await welcomed;
    await until('it is armed', () => frames.length === 2);
    expect(parsed(frames).map((frame) => frame.t)).toEqual(['welcome', 'arm']);
    socket.send(JSON.stringify({ t: 'state', n: 1, id: action.id, rev: 1, state: 'armed', hits: 0 }));
    expect(await armed).toMatchObject({ state: 'armed' });
    socket.close();
  });

  it('tells in its first answer why an action cannot be', async () => {
    const agent = world.agent();
    await agent.start();
    const answers = await Promise.all([
      world.hub.arm('acme', agent.id, newAction({ condition: 'process.exit()' })),
      world.hub.arm('acme', agent.id, newAction({ where: { file: checkoutFile, line: 9_999 } })),
      world.hub.arm('acme', agent.id, newAction({ where: { file: 'src/elsewhere.ts', line: 1 } })),
    ]);
    expect(answers.map(({ state, code }) => [state, code])).toEqual([
      ['failed', 'bad-expression'],
      ['failed', 'no-such-line'],
      ['pending', undefined],
    ]);
  });

  it('drops an action that is removed', async () => {
    const agent = world.agent();
    await agent.start();
    const action = newAction({ limits: { hits: 50 } });
    await world.hub.arm('acme', agent.id, action);
    await world.hub.remove('acme', agent.id, action.id, 'cancelled');
    expect(world.handlers.states(action.id).at(-1)?.state).toBe('removed');
    agent.pass(3);
    expect(agent.probes.armed).toBe(0);
  });

  it('stops hitting while the policy pauses it, and goes on after', async () => {
    const agent = world.agent();
    await agent.start();
    await world.hub.arm('acme', agent.id, newAction({ limits: { hits: 50 } }));
    world.handlers.agentPolicy = { ...world.handlers.agentPolicy, pause: true };
    world.hub.setPolicy('acme');
    world.hub.setPolicy('globex');
    // A round trip behind the policy frame shows that it arrived.
    await world.hub.arm('acme', agent.id, newAction({ where: { file: 'other.ts', line: 1 } }));
    agent.pass(3);
    world.handlers.agentPolicy = { ...world.handlers.agentPolicy, pause: false };
    world.hub.setPolicy('acme');
    await world.hub.arm('acme', agent.id, newAction({ where: { file: 'other.ts', line: 1 } }));
    agent.pass(2);
    await until('two hits', () => world.handlers.count('hit') === 2);
  });
});

describe('acknowledgement', () => {
  it('comes only when the hit is stored, and one hit is stored after the other', async () => {
    const agent = world.agent();
    await agent.start();
    const action = newAction({ limits: { hits: 3 } });
    await world.hub.arm('acme', agent.id, action);
    const release: (() => void)[] = [];
    world.handlers.before.hit = () => new Promise((resolve) => release.push(resolve));
    const frames: string[] = [];
    const raw = await rawAgent(world, 'raw-agent-1', frames);
    const second = newAction({ limits: { hits: 3 } });
    const armed = world.hub.arm('acme', 'raw-agent-1', second);
    await until('the raw agent is asked', () => frames.some((frame) => frame.includes('"arm"')));
    raw.send(JSON.stringify({ t: 'state', n: 1, id: second.id, rev: 1, state: 'armed', hits: 0 }));
    await armed;
    for (const n of [2, 3]) raw.send(hitFrame(second.id, n, n - 1));
    await until('the first hit is being stored', () => release.length === 1);
    expect(acks(frames)).not.toContain(2);
    release.shift()?.();
    await until('the second hit is being stored', () => release.length === 1);
    await until('the first is acknowledged', () => acks(frames).includes(2));
    expect(acks(frames)).not.toContain(3);
    release.shift()?.();
    await until('both are acknowledged', () => acks(frames).at(-1) === 3);
    raw.close();
  });

  it('of states comes once for those of a second, with that of a hit, at the sixteenth, and before the bridge goes', async () => {
    const frames: string[] = [];
    const raw = await rawAgent(world, 'raw-agent-1', frames);
    const action = newAction({ limits: { hits: 3 } });
    void world.hub.arm('acme', 'raw-agent-1', action);
    await until('the raw agent is asked', () => frames.some((frame) => frame.includes('"arm"')));
    let n = 0;
    const say = (count: number) => {
      for (let turn = 0; turn < count; turn += 1) {
        n += 1;
        raw.send(JSON.stringify({ t: 'state', n, id: action.id, rev: 1, state: 'armed', hits: 0 }));
      }
    };
    say(3);
    await until('three states', () => world.handlers.count('state') === 3);
    expect(acks(frames)).toEqual([]);
    await until('their acknowledgement', () => acks(frames).length > 0);
    say(2);
    n += 1;
    raw.send(hitFrame(action.id, n, 1));
    await until('that of a hit', () => acks(frames).length > 1);
    say(ackPatience.frames);
    await until('that of many', () => acks(frames).length > 2);
    say(1);
    await until('the last', () => world.handlers.count('state') === 6 + ackPatience.frames);
    await world.hub.drain();
    expect(acks(frames)).toEqual([3, 6, 6 + ackPatience.frames, 7 + ackPatience.frames]);
  });

  it('is withheld when storing fails; the agent sends the hit again and it is stored once', async () => {
    const agent = world.agent();
    await agent.start();
    const action = newAction({ limits: { hits: 2 } });
    world.handlers.desired = [action];
    await world.hub.arm('acme', agent.id, action);
    let failures = 1;
    world.handlers.before.hit = async () => {
      if (failures-- > 0) throw new Error('the store is away');
    };
    agent.pass(2);
    await until('both hits', () => world.handlers.count('hit') === 2);
    expect(world.handlers.hits().map((hit) => hit.hit)).toEqual([1, 2]);
    expect(world.handlers.count('disconnected')).toBe(1);
  });
});

describe('reconnecting', () => {
  it('keeps the probes and their counts, and sends again what was not acknowledged', async () => {
    const agent = world.agent();
    await agent.start();
    const action = newAction({ limits: { hits: 4 } });
    world.handlers.desired = [action];
    await world.hub.arm('acme', agent.id, action);
    agent.pass();
    await until('the first hit', () => world.handlers.count('hit') === 1);
    agent.disconnect();
    await until('lost', () => agent.state === 'lost');
    agent.pass();
    await until('back', () => agent.state === 'connected');
    agent.pass();
    await until('all hits', () => world.handlers.count('hit') === 3);
    expect(world.handlers.hits().map((hit) => hit.hit)).toEqual([1, 2, 3]);
    expect(world.handlers.events.filter((event) => event.on.endsWith('connected')).map((event) => event.on)).toEqual([
      'connected',
      'disconnected',
      'connected',
    ]);
  });

  it('finds its actions again on a bridge that was killed and started anew', async () => {
    const agent = world.agent();
    await agent.start();
    const action = newAction({ limits: { hits: 4 } });
    world.handlers.desired = [action];
    await world.hub.arm('acme', agent.id, action);
    agent.pass();
    await until('the first hit', () => world.handlers.count('hit') === 1);
    await world.restart();
    await until('back', () => agent.state === 'connected' && world.hub.agents('acme').length === 1);
    agent.pass();
    await until('the second hit', () => world.handlers.hits().some((hit) => hit.hit === 2));
  });

  it('is not asked any more once it has left, though a hit of it is still in hand', async () => {
    const frames: string[] = [];
    const socket = await rawAgent(world, 'leaving-agent', frames);
    const action = newAction();
    const armed = world.hub.arm('acme', 'leaving-agent', action);
    socket.send(JSON.stringify({ t: 'state', n: 1, id: action.id, rev: action.rev, state: 'armed', hits: 0 }));
    await armed;
    let store = () => {};
    world.handlers.before.hit = () => new Promise((resolve) => (store = resolve));
    const untouched = store;
    socket.send(hitFrame(action.id, 2, 1));
    await until('the hit is in hand', () => store !== untouched);
    socket.terminate();
    await until('it has left', () => world.hub.find('acme', 'leaving-agent') === undefined);
    await expect(world.hub.arm('acme', 'leaving-agent', newAction())).rejects.toThrow('is not connected');
    expect(world.handlers.count('disconnected')).toBe(0);
    store();
    await until('it is signed off', () => world.handlers.count('disconnected') === 1);
    expect(world.handlers.hits(action.id)).toHaveLength(1);
  });

  it('replaces the older connection of the same agent', async () => {
    const process = { id: 'same-agent-id', keySeed: Buffer.alloc(32, 7) };
    const first = world.agent(process);
    await first.start();
    const second = world.agent(process);
    await second.start();
    await until('the first is out', () => first.state === 'stopped');
    expect(world.hub.agents('acme')).toHaveLength(1);
    const action = newAction();
    await world.hub.arm('acme', 'same-agent-id', action);
    expect(second.probes.armed).toBe(1);
    expect(world.handlers.events.slice(0, 3).map((event) => event.on)).toEqual(['connected', 'disconnected', 'connected']);
  });

  it('refuses an agent id that came with another key, also after its owner left', async () => {
    const owner = world.agent({ id: 'owned-agent-id' });
    await owner.start();
    await expect(world.agent({ id: 'owned-agent-id', key: 'other' }).start()).rejects.toThrow('another enrolment key');
    await owner.stop();
    await until('the owner left', () => world.hub.agents('acme').length === 0);
    await expect(world.agent({ id: 'owned-agent-id', key: 'check' }).start()).rejects.toThrow('another enrolment key');
  });
});
