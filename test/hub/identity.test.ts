import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { BridgeTrust } from '../../src/agent/link/bridge-trust.ts';
import { signingKey, verifierOf } from '../../src/agent/link/ed25519.ts';
import { Introduction } from '../../src/agent/link/introduction.ts';
import { newKeyShare } from '../../src/agent/link/key-share.ts';
import { bodyOf, contexts, openSeal, seal } from '../../src/protocol/seal.ts';
import { bridgeKey } from '../agent/fake-bridge.ts';
import { helloFrame, parsed, rawAgent, rawSocket } from './raw.ts';
import { newAction, openWorld, until, type World } from './world.ts';

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.end());

/** A connection that has been challenged, for hellos made by hand. */
interface Challenged {
  socket: WebSocket;
  challenge: string;
  frames: string[];
  /** Says this hello; resolves with the error the bridge has, or undefined when it welcomes. */
  hello(text: string): Promise<string | undefined>;
}

async function challenged(key = 'any'): Promise<Challenged> {
  const frames: string[] = [];
  let challenge = '';
  const socket = await rawSocket(world, frames, key, (nonce) => {
    challenge = nonce;
  });
  await until('the challenge', () => challenge !== '');
  return {
    ...{ socket, challenge, frames },
    async hello(text) {
      socket.send(text);
      await until('an answer', () => frames.length > 0);
      const [first] = parsed(frames);
      return first?.t === 'error' ? `${first.code}: ${first.message}` : undefined;
    },
  };
}

/** A process with this id, by which the agent of the package introduces itself. */
function processOf(id: string, keySeed: Uint8Array = randomBytes(32)): Introduction {
  return new Introduction(helloFrame(id), keySeed, new BridgeTrust(bridgeKey.publicKey));
}

function helloOf(process: Introduction, { challenge }: Pick<Challenged, 'challenge'>): string {
  process.opened();
  return process.hello(challenge, undefined) ?? '';
}

/** A hello with this key in it, signed with the key of `keySeed`. */
function forged(key: string, { challenge }: Challenged, keySeed: Uint8Array): string {
  const body = bodyOf({ ...helloFrame('victim-agent'), identity: { key, nonce: 'n'.repeat(24) } });
  return seal(body, signingKey(keySeed).sign(contexts.hello(challenge) + body));
}

describe('an agent with a key of its own', () => {
  it('comes in when it answers the challenge of its connection, and challenges differ', async () => {
    const process = processOf('honest-agent');
    const first = await challenged();
    expect(await first.hello(helloOf(process, first))).toBeUndefined();
    const second = await challenged();
    expect(second.challenge).not.toBe(first.challenge);
    expect(await second.hello(helloOf(process, second))).toBeUndefined();
    expect(world.hub.agents('acme')).toHaveLength(1);
    expect(world.handlers.away).toEqual([]);
  });

  it('cannot be played by who recorded its hello', async () => {
    const victim = await challenged();
    const recorded = helloOf(processOf('victim-agent'), victim);
    expect(await victim.hello(recorded)).toBeUndefined();
    const replay = await challenged();
    expect(await replay.hello(recorded)).toContain('auth: The hello is not signed with its key');
    await until('it is out', () => replay.socket.readyState === replay.socket.CLOSED);
    expect(world.handlers.away).toMatchObject([
      { reason: 'proof', address: '127.0.0.1', hello: { agent: { id: 'victim-agent' } } },
    ]);
    expect(world.hub.agents('acme')).toHaveLength(1);
    expect(victim.socket.readyState).toBe(victim.socket.OPEN);
  });

  it.each<[what: string, text: (attacker: Challenged, key: string) => string]>([
    ['signs with another one', (attacker, key) => forged(key, attacker, randomBytes(32))],
    ['signs nothing', (attacker, key) => forged(key, attacker, randomBytes(32)).replace(/,"sig":.*$/, '}')],
    [
      'alters what was signed',
      (attacker) => {
        const own = randomBytes(32);
        return forged(signingKey(own).publicKey, attacker, own).replace('"service":"raw"', '"service":"pay"');
      },
    ],
    ['shows what is no key of Ed25519', (attacker) => forged(`${'_'.repeat(42)}8`, attacker, randomBytes(32))],
  ])('cannot be played by who shows its key and %s', async (_what, text) => {
    const attacker = await challenged();
    const victimSeed = randomBytes(32);
    expect(await attacker.hello(text(attacker, signingKey(victimSeed).publicKey))).toContain('auth: The hello is not signed');
    expect(world.handlers.away).toMatchObject([{ reason: 'proof' }]);
    expect(world.handlers.events).toEqual([]);
  });

  it('keeps its id from another process with the same enrolment key, while it is there and after it left', async () => {
    const owner = world.agent({ id: 'owned-agent-id' });
    await owner.start();
    const action = newAction();
    await world.hub.arm('acme', owner.id, action);
    const duplicate = 'auth: An agent with this id has another key of its own';
    await expect(world.agent({ id: owner.id }).start()).rejects.toThrow(duplicate);
    const nameless = await challenged();
    expect(await nameless.hello(JSON.stringify(helloFrame(owner.id)))).toContain(duplicate);
    expect(world.handlers.away.map(({ reason }) => reason)).toEqual(['duplicate', 'duplicate']);
    expect([owner.state, owner.probes.armed]).toEqual(['connected', 1]);
    await owner.stop();
    await until('the owner left', () => world.hub.agents('acme').length === 0);
    await expect(world.agent({ id: owner.id }).start()).rejects.toThrow(duplicate);
    expect(world.handlers.count('connected')).toBe(1);
  });

  it('keeps its id over reconnects and a bridge that was started anew', async () => {
    const owner = world.agent({ id: 'owned-agent-id' });
    await owner.start();
    owner.disconnect();
    await until('it is back', () => world.handlers.count('connected') === 2);
    await world.restart();
    await until('it is back again', () => world.handlers.count('connected') === 3);
    expect(world.handlers.away).toEqual([]);
  });
});

describe('what the bridge says', () => {
  it.each([
    ['is signed once for each hello, then sealed with the key both agreed on', true],
    ['is signed frame by frame for an agent of before codes', false],
  ])('%s where the agent obeys it, and plain where it does not', async (_what, hasShare) => {
    const connection = await challenged();
    const share = newKeyShare();
    const seed = randomBytes(32);
    const identity = { key: signingKey(seed).publicKey, nonce: 'n'.repeat(24), ...(hasShare && { keyShare: share.publicKey }) };
    const hello = bodyOf({ ...helloFrame('signed-agent'), identity });
    const text = seal(hello, signingKey(seed).sign(contexts.hello(connection.challenge) + hello));
    await connection.hello(text);
    void world.hub.arm('acme', 'signed-agent', newAction()).catch(() => undefined);
    void world.hub.remove('acme', 'signed-agent', 'act_gone', 'cancelled');
    world.hub.setPolicy('acme');
    connection.socket.send(JSON.stringify({ t: 'hit', n: 1, id: 'x' }));
    await until('everything', () => connection.frames.length === 6);
    const sealed = parsed(connection.frames).map(({ t }, at) => [t, openSeal(connection.frames[at] ?? '') !== undefined]);
    expect(Object.fromEntries(sealed)).toEqual({
      welcome: true,
      arm: true,
      remove: true,
      policy: true,
      error: false,
      ack: false,
    });
    const bodies = connection.frames.flatMap((frame) => openSeal(frame) ?? []);
    const isBridges = verifierOf(bridgeKey.publicKey);
    const context = contexts.frame('signed-agent', identity.nonce);
    const { keyShare } = JSON.parse(connection.frames[0] ?? '') as { keyShare?: string };
    const code = share.coderWith(keyShare ?? '', contexts.code('signed-agent', identity.nonce));
    expect(code !== undefined).toBe(hasShare);
    expect(bodies.map(({ body, sig }) => isBridges(context + body, sig))).toEqual([true, !hasShare, !hasShare, !hasShare]);
    expect(bodies.map(({ body, mac }) => mac === code?.(body))).toEqual([!hasShare, true, true, true]);
    expect(bodies.map(({ body }) => JSON.parse(`${body}}`).count)).toEqual([1, 2, 3, 4]);
    connection.socket.close();
  });

  it('is plain for an agent of the time before signatures', async () => {
    const frames: string[] = [];
    const socket = await rawAgent(world, 'older-agent', frames);
    world.hub.setPolicy('acme');
    await until('the policy', () => frames.length === 2);
    expect(frames.map((frame) => openSeal(frame))).toEqual([undefined, undefined]);
    expect(frames.join()).not.toMatch(/"(?:key|count|until|sig)":/);
    socket.close();
  });

  it('reaches every agent of a fleet when the policy changes, the last one with the last policy', async () => {
    const count = 250;
    const agents = Array.from({ length: count }, () => world.agent());
    await Promise.all(agents.map((agent) => agent.start()));
    const change = (pause: boolean) => {
      world.handlers.agentPolicy = { ...world.handlers.agentPolicy, pause };
      world.hub.setPolicy('acme');
    };
    await Promise.all(agents.map(({ id }) => world.hub.arm('acme', id, newAction())));
    for (const pause of [true, false, true]) change(pause);
    await until('all are paused', () => agents.every(({ probes }) => [...probes.states.values()][0]?.state === 'suspended'));
    change(false);
    await until('none is paused', () => agents.every(({ probes }) => probes.armed === 1));
  });
});
