import { afterAll, afterEach, describe, expect, test as inAnyOrder } from 'vitest';
import { until } from '../agent/until.ts';
import { implementations, removeBuilt } from './agents.ts';
import { ContractWorld, isFinal, newAction, of, sumsOf } from './world.ts';

afterAll(removeBuilt);

/** The agents side by side, the tests of each one after the other. */
const test = inAnyOrder.sequential;
describe.concurrent.each(implementations())('$name', (implementation) => {
  let world: ContractWorld;
  afterEach(() => world?.end());

  test('sends again what was not acknowledged, in order and before anything new, and keeps its counts', async () => {
    world = await ContractWorld.open(implementation);
    const action = newAction({ limits: { hits: 2 } });
    const counter = newAction({ kind: 'counter' });
    await world.arm(counter);
    await world.arm(action);
    // On a busy machine both hits come at once.
    const { n: ackedN } = await world.passUntil(() => world.hits(action.id)[0], 'a hit');
    world.connection.send({ t: 'ack', n: ackedN });
    await world.passUntil(() => world.states(action.id).some(isFinal), 'the end of the action');
    const counted = await until(() => world.states(counter.id).find(({ sums }) => (sums?.count ?? 0) > 0), 'sums');
    const unacknowledged = world.connection.frames.flatMap((frame) => ('n' in frame && frame.n > ackedN ? [frame.n] : []));
    world.bridge.options.welcome = { ...world.bridge.options.welcome, ackedN, actions: [action, counter] };
    world.connection.socket.terminate();
    await world.reconnected(1);
    expect(world.connection.hello.resume).toMatchObject({ session: 'ses_test', lastN: expect.any(Number) });
    const numbers = () => world.connection.frames.flatMap((frame) => ('n' in frame ? [frame.n] : []));
    await until(() => unacknowledged.every((n) => numbers().includes(n)), 'the frames again');
    expect(numbers()).toEqual([...numbers()].sort((a, b) => a - b));
    expect(numbers()[0]).toBe(ackedN + 1);
    await until(() => world.last(action.id)?.state === 'removed', 'the action that had ended');
    await world.subject.pass(2);
    const end = await world.remove(counter.id);
    expect(sumsOf(end).count).toBeGreaterThanOrEqual(sumsOf(counted).count);
    expect(world.hits(action.id).every(({ hit }) => hit <= 2)).toBe(true);
    world.expectReadable();
  });

  test('drops what a welcome does not want any more, and arms what is new in it', async () => {
    world = await ContractWorld.open(implementation);
    const [gone, kept, fresh] = [newAction(), newAction({ limits: { hits: 50 } }), newAction({ limits: { hits: 50 } })];
    for (const action of [gone, kept]) await world.arm(action);
    world.bridge.options.welcome = { ...world.bridge.options.welcome, ackedN: world.lastN(), actions: [kept, fresh] };
    world.connection.socket.terminate();
    await world.reconnected(1);
    await until(() => world.last(gone.id)?.state === 'removed', 'the one that is gone');
    await until(() => world.last(fresh.id)?.state === 'armed', 'the new one');
    await world.passUntil(() => world.hits(kept.id).length > 0 && world.hits(fresh.id).length > 0, 'hits of both');
    expect(world.hits(gone.id)).toEqual([]);
  });

  test('observes nothing any more when the bridge is silent, and goes on when it is back', async () => {
    world = await ContractWorld.open(implementation, 600);
    const action = newAction({ limits: { hits: 50 } });
    await world.arm(action);
    await world.passUntil(() => world.hits(action.id).length > 0, 'a hit');
    world.bridge.options.mute = true;
    world.bridge.options.silent = true;
    const { connection } = world;
    await until(() => connection.closed !== undefined, 'the end of the connection');
    await until(() => world.bridge.connections.length > 1, 'another try', 20_000);
    const before = world.hits(action.id).at(-1)?.hit ?? 0;
    await world.subject.pass(5);
    world.bridge.options.mute = false;
    world.bridge.options.silent = false;
    world.bridge.options.welcome = { ...world.bridge.options.welcome, ackedN: world.lastN(), actions: [action] };
    for (const { socket } of world.bridge.connections) socket.terminate();
    await world.reconnected(await until(() => welcomed(world), 'the return', 20_000));
    await until(() => world.last(action.id)?.state === 'armed', 'the action again');
    const hit = await world.passUntil(() => world.hits(action.id)[0], 'a hit');
    expect(hit.hit).toBe(before + 1);
  });

  test('takes away what it was refused for', async () => {
    world = await ContractWorld.open(implementation);
    const action = newAction({ limits: { hits: 50 } });
    await world.arm(action);
    world.connection.send({ t: 'error', code: 'revoked', message: 'The key was revoked.' });
    world.connection.socket.close(1008);
    await until(() => world.connection.closed !== undefined, 'the end of the connection');
    await world.subject.pass(3);
    // Longer than the first wait before a reconnect.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(of(world, 'hit')).toEqual([]);
    expect(world.bridge.connections).toHaveLength(1);
  });
});

/** The number of the first connection that was welcomed after the silence. */
function welcomed({ bridge }: ContractWorld): number | undefined {
  const index = bridge.connections.findIndex(({ frames }, at) => at > 0 && frames.some(({ t }) => t === 'state'));
  return index < 0 ? undefined : index;
}
