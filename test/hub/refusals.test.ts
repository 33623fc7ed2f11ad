import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from '../../src/lib/refusal.ts';
import { limits } from '../../src/protocol/limits.ts';
import { ending, helloFrame, hitFrame, parsed, rawAgent, rawSocket } from './raw.ts';
import { keys, newAction, openWorld, until, type World } from './world.ts';

let world: World;

beforeEach(async () => {
  world = await openWorld({ helloMs: 200, maxConnections: 3, answerMs: 300, drainMs: 1_000 });
});
afterEach(() => world.end());

const honest = { authorization: 'Bearer any', 'sec-websocket-protocol': 'sidelight.v1' };

/** An upgrade by hand, to read the plain HTTP answer. */
function upgrade(
  headers: Record<string, string>,
  path = '/agent',
): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  const { hostname, port } = new URL(world.url);
  return new Promise((resolve, reject) => {
    const asked = request({
      hostname,
      port,
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        ...headers,
      },
    });
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: 101, text: '', headers: response.headers });
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('before the WebSocket', () => {
  it.each([
    ['another path', honest, '/agents', 404, 'Agents connect to /agent.'],
    ['no key', { 'sec-websocket-protocol': 'sidelight.v1' }, '/agent', 401, 'carries no enrolment key'],
    ['an unknown key', { ...honest, authorization: 'Bearer nobody' }, '/agent', 401, 'The enrolment key is unknown.'],
    ['a key that is no bearer', { ...honest, authorization: 'Basic any' }, '/agent', 401, 'carries no enrolment key'],
    ['no sub-protocol', { authorization: 'Bearer any' }, '/agent', 426, 'sidelight.v1'],
    ['a web page', { ...honest, origin: 'https://evil.example' }, '/agent', 403, 'web page'],
    ['a page of the bridge itself', { ...honest, origin: 'null' }, '/agent', 403, 'web page'],
    ['another sub-protocol', { ...honest, 'sec-websocket-protocol': 'rtb.v1, sidelight.v2' }, '/agent', 426, 'sidelight.v1'],
  ])('answers %s in plain HTTP with a sentence', async (_what, headers, path, status, sentence) => {
    const answer = await upgrade(headers, path);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(sentence);
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(world.handlers.away).toMatchObject(status === 401 ? [{ address: '127.0.0.1' }] : []);
  });

  it('lets an honest agent in, with the sub-protocol and without compression', async () => {
    const answer = await upgrade({ ...honest, 'sec-websocket-extensions': 'permessage-deflate' });
    expect(answer.status).toBe(101);
    expect(answer.headers['sec-websocket-protocol']).toBe('sidelight.v1');
    expect(answer.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('says 503 when it holds as many connections as it may', async () => {
    for (const id of ['agent-one', 'agent-two', 'agent-three']) await rawAgent(world, id);
    const answer = await upgrade(honest);
    expect(answer).toMatchObject({ status: 503, text: 'This bridge holds 3 connections already.\n' });
    expect(answer.headers['retry-after']).toBeDefined();
  });

  it('says 503 when the key cannot be checked', async () => {
    world.handlers.authenticate = async () => {
      throw new Error('the store is away');
    };
    expect((await upgrade(honest)).status).toBe(503);
  });

  it('survives an agent that leaves while its key is being checked', async () => {
    let prove = () => {};
    world.handlers.authenticate = () =>
      new Promise((resolve) => {
        prove = () => resolve({ org: 'acme', pool: 'p', servicePattern: '*', keyId: 'k', firstKeyId: 'k' });
      });
    const { hostname, port } = new URL(world.url);
    const asked = request({
      hostname,
      port,
      path: '/agent',
      headers: { connection: 'Upgrade', upgrade: 'websocket', ...honest },
    });
    asked.on('error', () => undefined);
    asked.end();
    const original = prove;
    await until('the key is being checked', () => prove !== original);
    asked.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    prove();
    world.handlers.authenticate = async () => ({ org: 'acme', pool: 'p', servicePattern: '*', keyId: 'k', firstKeyId: 'k' });
    await rawAgent(world, 'still-alive');
  });
});

describe('after the WebSocket', () => {
  it('turns out who says no hello in time', async () => {
    const frames: string[] = [];
    const socket = await rawSocket(world, frames);
    expect(await ending(socket, frames)).toEqual({ code: 1008, error: 'bad-frame' });
  });

  it.each([
    ['something else first', JSON.stringify({ t: 'bye', reason: 'exit' }), 'bad-frame'],
    ['text that is no JSON', 'hello', 'bad-frame'],
    ['a frame nobody knows', '{"t":"hallo"}', 'unsupported'],
    ['a hello of another version', JSON.stringify({ ...helloFrame('agent-of-later'), v: 2 }), 'version'],
    ['a hello with a bad id', JSON.stringify(helloFrame('a b')), 'bad-frame'],
    ['a hello with control characters', JSON.stringify({ ...helloFrame('agent-0001'), service: 'a\u0000b' }), 'bad-frame'],
  ])('turns out who says %s', async (_what, frame, error) => {
    const frames: string[] = [];
    const socket = await rawSocket(world, frames);
    socket.send(frame);
    expect(await ending(socket, frames)).toEqual({ code: 1008, error });
    expect(world.handlers.events).toEqual([]);
  });

  it('turns out a service its key is not for', async () => {
    await expect(world.agent({ key: 'check', service: 'payments' }).start()).rejects.toThrow(
      'auth: This enrolment key is for services that match check*, not for payments.',
    );
    expect(world.handlers.away).toMatchObject([
      { reason: 'auth', address: '127.0.0.1', enrolment: keys.check, hello: { service: 'payments' } },
    ]);
    await world.agent({ key: 'check', service: 'checkout' }).start();
    expect(world.handlers.count('connected')).toBe(1);
  });

  it('turns out an agent the store has something against, and tells nothing of it', async () => {
    world.handlers.against = { reason: 'duplicate', sentence: 'An agent with this id came with another enrolment key.' };
    await expect(world.agent().start()).rejects.toThrow(`auth: ${world.handlers.against.sentence}`);
    expect(world.handlers.away).toMatchObject([world.handlers.against]);
    expect(world.handlers.events).toEqual([]);
    expect(world.hub.agents('acme')).toEqual([]);
  });

  it('keeps an id for the key it came with, and for what that key was rotated to', async () => {
    const keySeed = Buffer.alloc(32, 7);
    const first = world.agent({ id: 'agent-of-any', keySeed });
    await first.start();
    await expect(world.agent({ id: 'agent-of-any', keySeed, key: 'check' }).start()).rejects.toThrow('another enrolment key');
    await world.agent({ id: 'agent-of-any', keySeed, key: 'rotated' }).start();
    await until('it took over', () => first.state === 'stopped');
    expect(world.hub.agents('acme')).toMatchObject([{ id: 'agent-of-any', enrolmentKeyId: 'k-any' }]);
  });

  it('answers garbage and goes on, but not for ever', async () => {
    const frames: string[] = [];
    const socket = await rawAgent(world, 'raw-agent-1', frames);
    for (const frame of ['{', '[]', '{"t":"state"}', Buffer.from('{"t":"beat"}'), JSON.stringify(helloFrame('raw-agent-1'))])
      socket.send(frame);
    socket.send('{"t":"someday"}');
    await until('six answers', () => parsed(frames).filter((frame) => frame.t === 'error').length === 6);
    expect(world.hub.agents('acme')).toHaveLength(1);
    for (let count = 0; count < 30; count += 1) socket.send('{');
    expect(await ending(socket, frames)).toEqual({ code: 1008, error: 'bad-frame' });
  });

  it('answers frames it does not know, but not for ever', async () => {
    const frames: string[] = [];
    const socket = await rawAgent(world, 'raw-agent-1', frames);
    for (let count = 0; count < 50; count += 1) socket.send('{"t":"someday"}');
    await until('fifty answers', () => parsed(frames).filter((frame) => frame.t === 'error').length === 50);
    for (let count = 0; count < 160; count += 1) socket.send('{"t":"someday"}');
    expect(await ending(socket, frames)).toEqual({ code: 1008, error: 'unsupported' });
  });

  it('hears a few errors that an agent reports, and then no more', async () => {
    const socket = await rawAgent(world, 'raw-agent-1');
    for (let count = 0; count < 50; count += 1) socket.send(JSON.stringify({ t: 'error', code: 'oops', message: `no ${count}` }));
    socket.send(JSON.stringify({ t: 'bye', reason: 'exit' }));
    await until('all are heard', () => world.handlers.count('disconnected') === 1);
    expect(world.handlers.errors.map(({ message }) => message)).toEqual(Array.from({ length: 10 }, (_, count) => `no ${count}`));
    expect(world.log.filter((line) => line.includes('more errors'))).toHaveLength(1);
  });

  it('acknowledges a frame it refuses, so that it is not sent for ever', async () => {
    const frames: string[] = [];
    const socket = await rawAgent(world, 'raw-agent-1', frames);
    socket.send(JSON.stringify({ t: 'hit', n: 7, id: 'x' }));
    await until('the answer', () => parsed(frames).some((frame) => frame.t === 'ack'));
    expect(parsed(frames).at(-1)).toEqual({ t: 'ack', n: 7 });
  });

  it('refuses a hit above its ceiling and closes on a frame above the ceiling of frames', async () => {
    const frames: string[] = [];
    const socket = await rawAgent(world, 'raw-agent-1', frames);
    socket.send(JSON.stringify({ t: 'hit', n: 1, id: 'x', fill: 'x'.repeat(limits.maxHitBytes) }));
    await until('the answer', () => parsed(frames).some((frame) => frame.t === 'ack'));
    expect(parsed(frames)).toContainEqual({ t: 'error', code: 'too-big', message: 'A frame `hit` has at most 262144 bytes.' });
    socket.send('x'.repeat(limits.maxAgentFrameBytes + 1));
    expect((await ending(socket, [])).code).toBe(1009);
  });

  it('turns out every agent of a revoked key, and whoever comes with it later', async () => {
    const revoked = world.agent();
    const other = world.agent({ key: 'check' });
    await Promise.all([revoked.start(), other.start()]);
    world.hub.revokeKey('k-any');
    await until('it is out', () => revoked.state === 'refused');
    expect(revoked.refusal).toContain('revoked');
    expect(revoked.probes.states.size).toBe(0);
    expect(other.state).toBe('connected');
    await expect(world.agent().start()).rejects.toThrow('401 The enrolment key was revoked.');
    expect(keys.any).toBeDefined();
  });

  it('turns out an agent for which the bridge has no answer, and lets it come back', async () => {
    let failures = 1;
    world.handlers.before.connected = async () => {
      if (failures-- > 0) throw new Error('the store is away');
    };
    await world.agent().start();
    expect(world.handlers.count('connected')).toBe(1);
    expect(world.log.join('')).toContain('the store is away');
  });
});

describe('questions to agents', () => {
  it('are refused for an agent that is not there, or of another organisation', async () => {
    const agent = world.agent();
    await agent.start();
    await expect(world.hub.arm('acme', 'nobody-here', newAction())).rejects.toMatchObject({ code: 'upstream_error' });
    await expect(world.hub.arm('globex', agent.id, newAction())).rejects.toMatchObject({ code: 'upstream_error' });
    await world.hub.remove('globex', agent.id, 'x', 'cancelled');
    expect(agent.probes.armed).toBe(0);
  });

  it('are refused when the agent does not answer in time, and when it leaves', async () => {
    const socket = await rawAgent(world, 'mute-agent');
    const asked = world.hub.arm('acme', 'mute-agent', newAction());
    await expect(asked).rejects.toMatchObject({
      code: 'upstream_error',
      message: 'Agent mute-agent did not answer within 300 ms.',
    });
    const leaving = world.hub.arm('acme', 'mute-agent', newAction());
    socket.terminate();
    await expect(leaving).rejects.toThrow('disconnected');
    await expect(world.hub.remove('acme', 'mute-agent', 'x', 'cancelled')).resolves.toBeUndefined();
  });

  it('are refused at once when too many wait already', async () => {
    const socket = await rawAgent(world, 'mute-agent');
    const asked = Array.from({ length: 500 }, () =>
      world.hub.arm('acme', 'mute-agent', newAction()).then(
        () => 'answered',
        (error) => (error instanceof Refusal ? error.code : error),
      ),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'too_busy')).toHaveLength(500 - 8 - 32);
    expect(answers.filter((answer) => answer === 'upstream_error')).toHaveLength(40);
    socket.terminate();
  });
});

describe('draining', () => {
  it('finishes what is in hand, sends the agents away and lets nobody in', async () => {
    const agent = world.agent();
    await agent.start();
    const frames: string[] = [];
    const action = newAction({ limits: { hits: 5 } });
    world.handlers.desired = [action];
    const socket = await rawAgent(world, 'raw-agent-1', frames);
    let store = () => {};
    world.handlers.before.hit = () =>
      new Promise((resolve) => {
        store = resolve;
      });
    const untouched = store;
    socket.send(hitFrame(action.id, 1, 1));
    await until('the hit is being stored', () => store !== untouched);
    const drained = world.hub.drain();
    expect((await upgrade(honest)).status).toBe(503);
    store();
    await drained;
    expect(parsed(frames).map((frame) => frame.t)).toEqual(['welcome', 'ack', 'error']);
    expect(world.handlers.count('hit')).toBe(1);
    expect(world.handlers.count('disconnected')).toBe(2);
    expect(agent.refusal).toContain('draining');
    expect(world.hub.agents('acme')).toEqual([]);
  });
});
