import { afterAll, afterEach, describe, expect, test as inAnyOrder } from 'vitest';
import { newKeyShare } from '../../src/agent/link/key-share.ts';
import { createSealer } from '../../src/hub/signing.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Action, BridgeFrame, Hello, Identity } from '../../src/protocol/frames.ts';
import { openSeal } from '../../src/protocol/seal.ts';
import { bridgeKey, bridgeKeyOf, type FakeConnection } from '../agent/fake-bridge.ts';
import { until } from '../agent/until.ts';
import { implementations, removeBuilt } from './agents.ts';
import { ContractWorld, newAction, of, policy } from './world.ts';

afterAll(removeBuilt);

const unsigned = (text: string): string => `${openSeal(text)?.body}}`;

/** What stands between the bridge and an agent sends instead of the frame that arms `action`. */
type Attack = (connection: FakeConnection, action: Action) => string[];

/** A text that is right, but for the hello it answers, or the key. */
function sealedElsewhere(connection: FakeConnection, frame: BridgeFrame, hello: Partial<Hello>, key = bridgeKey): string {
  const seal = createSealer(key, systemClock, { ...connection.hello, ...hello });
  // As many frames as that connection has had, so that nothing else is wrong.
  seal({ t: 'policy', policy });
  seal({ t: 'policy', policy });
  return seal(frame);
}

const arm = (action: Action): BridgeFrame => ({ t: 'arm', action });

/** What would arm it if its hello had had this half of a key, or none. */
function otherIdentity(one: FakeConnection, action: Action, keyShare: string | undefined): string {
  const { key, nonce } = one.hello.identity as Identity;
  return sealedElsewhere(one, arm(action), { identity: { key, nonce, ...(keyShare !== undefined && { keyShare }) } });
}

const attacks: [what: string, why: RegExp, attack: Attack][] = [
  ['altered', /seal is wrong/, (one, action) => [one.seal(arm(action)).replace('"hits":50', '"hits":49')]],
  ['altered in its number', /seal is wrong/, (one, action) => [one.seal(arm(action)).replace(/"count":\d+/, '"count":999')]],
  ['without a signature', /not signed/, (one, action) => [unsigned(one.seal(arm(action)))]],
  [
    'with two ends',
    /seal is wrong/,
    (one, action) => {
      const text = one.seal(arm(action));
      return [text.slice(0, -1) + text.slice(text.indexOf(',"mac"'))];
    },
  ],
  ['sealed with another key', /seal is wrong/, (one, action) => [sealedElsewhere(one, arm(action), {}, bridgeKeyOf(2))]],
  [
    'sealed with the key of another agreement',
    /seal is wrong/,
    (one, action) => [otherIdentity(one, action, newKeyShare().publicKey)],
  ],
  ['signed as before codes', /seal is wrong/, (one, action) => [otherIdentity(one, action, undefined)]],
  [
    'meant for another agent',
    /seal is wrong/,
    (one, action) => [sealedElsewhere(one, arm(action), { agent: { ...one.hello.agent, id: 'another-agent' } })],
  ],
  [
    'meant for another connection',
    /seal is wrong/,
    (one, action) => [
      sealedElsewhere(one, arm(action), { identity: { ...(one.hello.identity as Identity), nonce: 'A'.repeat(24) } }),
    ],
  ],
  [
    'that overtakes another',
    /number 4, and number 3 is due/,
    (one, action) => {
      const first = one.seal({ t: 'policy', policy });
      return [one.seal(arm(action)), first];
    },
  ],
  [
    'behind one that was held back',
    /number 4, and number 3 is due/,
    (one, action) => {
      one.seal({ t: 'policy', policy: { ...policy, pause: true } });
      return [one.seal(arm(action))];
    },
  ],
];

/** The agents side by side, the tests of each one after the other. */
const test = inAnyOrder.sequential;
describe.concurrent.each(implementations())('$name', (implementation) => {
  let world: ContractWorld;
  afterEach(() => world?.end());

  /** It said so, and closed the connection. */
  async function refusal(connection: FakeConnection): Promise<string> {
    const { code, reason } = await until(() => connection.closed, 'the close');
    expect([code, reason]).toEqual([1008, 'bad-signature']);
    const errors = connection.frames.filter((frame) => frame.t === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.code).toBe('bad-signature');
    return errors[0]?.message ?? '';
  }

  test.each(attacks)('does not obey a frame %s, and goes on with what it was asked before', async (_what, why, attack) => {
    world = await ContractWorld.open(implementation);
    const [kept, wanted] = [newAction({ limits: { hits: 50 } }), newAction({ limits: { hits: 50 } })];
    await world.arm(kept);
    await world.passUntil(() => world.hits(kept.id).length > 0, 'a hit');
    const attacked = world.connection;
    for (const text of attack(attacked, wanted)) attacked.socket.send(text);
    expect(await refusal(attacked)).toMatch(why);
    await world.subject.pass(1);
    const before = world.hits(kept.id).at(-1)?.hit ?? 0;
    world.bridge.options.welcome = { ...world.bridge.options.welcome, ackedN: world.lastN(), actions: [kept] };
    await world.reconnected(1);
    const next = await world.passUntil(() => world.hits(kept.id)[0], 'the next hit');
    expect(next.hit).toBe(before + 1);
    expect([...attacked.frames, ...world.connection.frames].filter((one) => 'id' in one && one.id === wanted.id)).toEqual([]);
  });

  test('obeys no frame a second time, neither on its connection nor on the next one', async () => {
    world = await ContractWorld.open(implementation);
    const action = newAction({ limits: { hits: 50 } });
    const text = world.connection.seal({ t: 'arm', action });
    world.connection.socket.send(text);
    await until(() => world.last(action.id)?.state === 'armed', 'the action');
    await world.remove(action.id);
    const first = world.connection;
    first.socket.send(text);
    expect(await refusal(first)).toMatch(/number 2, and number 4 is due/);
    world.bridge.options.welcome = { ...world.bridge.options.welcome, ackedN: world.lastN() };
    await world.reconnected(1);
    const second = world.connection;
    second.socket.send(text);
    expect(await refusal(second)).toMatch(/seal is wrong/);
    await world.reconnected(2);
    expect(of(world, 'state').filter(({ state }) => state === 'armed')).toEqual([]);
  }, 60_000);

  test('obeys no frame that was held back for half a minute', async () => {
    let behindMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() - behindMs };
    world = await ContractWorld.open(implementation, 8_000, { clock });
    const [soon, late] = [newAction(), newAction()];
    behindMs = 20_000;
    await world.arm(soon);
    behindMs = 29_950;
    const held = world.connection.seal({ t: 'arm', action: late });
    const beats = of(world, 'beat').length;
    // A tenth of a second between two.
    await until(() => of(world, 'beat').length > beats + 2, 'some beats');
    world.connection.socket.send(held);
    expect(await refusal(world.connection)).toMatch(/too late/);
    expect(world.states(late.id)).toEqual([]);
  });

  test.each<[what: string, frame: BridgeFrame]>([
    ['remove', { t: 'remove', id: 'act_any', reason: 'cancelled' }],
    ['policy', { t: 'policy', policy }],
    ['locate', { t: 'locate', q: 'loc_any', function: 'priceOf', limit: 1 }],
  ])('refuses %s without a signature', async (_what, frame) => {
    world = await ContractWorld.open(implementation);
    world.connection.socket.send(JSON.stringify(frame));
    expect(await refusal(world.connection)).toMatch(/not signed/);
    expect([...of(world, 'state'), ...of(world, 'located')]).toEqual([]);
  });

  test('obeys only the bridge it was started with the key of', async () => {
    world = await ContractWorld.open(implementation, 8_000, { key: bridgeKeyOf(2) }, bridgeKey.publicKey);
    const stranger = world.connection;
    expect(await refusal(stranger)).toContain(`this process trusts ${bridgeKey.publicKey}`);
    world.bridge.options.key = bridgeKey;
    await world.reconnected(1);
    expect(await world.arm(newAction())).toMatchObject({ state: 'armed' });
  });

  test('obeys a bridge of before codes, which signs each frame, and believes none without', async () => {
    world = await ContractWorld.open(implementation, 8_000, { signsEach: true });
    expect(world.connection.seal({ t: 'policy', policy })).toContain('"sig":');
    world.bridge.options.welcome = { ...world.bridge.options.welcome, ackedN: 0 };
    world.connection.socket.terminate();
    await world.reconnected(1);
    expect(await world.arm(newAction())).toMatchObject({ state: 'armed' });
    world.connection.socket.send(unsigned(world.connection.seal(arm(newAction()))));
    expect(await refusal(world.connection)).toMatch(/not signed/);
  });

  test.each([
    ['is none', `${'A'.repeat(43)}`],
    ['is of another bridge', newKeyShare().publicKey],
  ])('obeys nothing after a welcome whose half of the key %s', async (_what, keyShare) => {
    const share = { ...bridgeKey.share, publicKey: keyShare };
    world = await ContractWorld.open(implementation, 8_000, { key: { ...bridgeKey, share } });
    const action = newAction();
    world.connection.send(arm(action));
    expect(await refusal(world.connection)).toMatch(/seal is wrong/);
    expect(world.states(action.id)).toEqual([]);
  });

  test('is not welcomed by a bridge that does not sign', async () => {
    world = await ContractWorld.open(implementation, 8_000, { tamper: (text) => [unsigned(text)] });
    expect(await refusal(world.connection)).toMatch(/not signed/);
  });

  test('trusts the first bridge that welcomes it, and then no other', async () => {
    world = await ContractWorld.open(implementation);
    world.bridge.options.key = bridgeKeyOf(2);
    world.connection.socket.terminate();
    await world.reconnected(1);
    expect(await refusal(world.connection)).toContain(`this process trusts ${bridgeKey.publicKey}`);
  });

  test('follows its bridge to a new key that the old one signed, and from there on', async () => {
    world = await ContractWorld.open(implementation);
    const forged = {
      ...bridgeKeyOf(4),
      handOver: [{ by: bridgeKeyOf(3).publicKey, sig: bridgeKeyOf(4, 5).handOver[0]?.sig ?? '' }],
    };
    for (const [index, key] of [bridgeKeyOf(2, 1), bridgeKeyOf(3, 2, 1), forged].entries()) {
      world.bridge.options.key = key;
      world.connection.socket.terminate();
      await world.reconnected(index + 1);
      if (key === forged) expect(await refusal(world.connection)).toContain(`this process trusts ${bridgeKeyOf(3).publicKey}`);
      else expect(await world.arm(newAction())).toMatchObject({ state: 'armed' });
    }
  }, 60_000);
});
