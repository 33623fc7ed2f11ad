import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkoutFile, checkoutSource } from '../../agents-sim/scenarios/checkout.ts';
import type { Locate } from '../../src/protocol/frames.ts';
import { helloFrame, parsed, rawAgent, rawSocket } from './raw.ts';
import { openWorld, until, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld({ answerMs: 300, locateConcurrency: 2 });
});
afterEach(() => world.end());

/** An agent that can be asked and answers only what the test says. */
async function able(id: string, frames: string[]) {
  const socket = await rawSocket(world, frames);
  const hello = helloFrame(id);
  socket.send(JSON.stringify({ ...hello, capabilities: { ...hello.capabilities, locate: true } }));
  await until('welcome', () => frames.some((frame) => frame.includes('"welcome"')));
  return socket;
}
const asked = (frames: string[]) => parsed(frames).filter((frame): frame is Locate => frame.t === 'locate');

describe('a search for a place', () => {
  it('is answered by the agent, in its own terms', async () => {
    const agent = world.agent();
    await agent.start();
    const declared = checkoutSource.split('\n').findIndex((line) => line.includes('function priceOf')) + 1;
    const found = await world.hub.locate('acme', agent.id, { function: 'priceOf', limit: 5 });
    expect(found).toMatchObject({
      isComplete: true,
      places: [{ file: checkoutFile, line: declared, function: 'priceOf', score: 1 }],
    });
    const snippet = await world.hub.locate('acme', agent.id, { snippet: 'this.orders += 1', limit: 5, file: 'checkout.ts' });
    expect(snippet.places[0]).toMatchObject({
      text: 'this.orders += 1;',
      after: [expect.stringContaining('const price'), expect.any(String), expect.any(String)],
    });
    const stackLine = `    at Checkout.pay (/app/${checkoutFile}:${snippet.places[0]?.line}:5)`;
    expect((await world.hub.locate('acme', agent.id, { stackLine, limit: 5 })).places[0]?.line).toBe(snippet.places[0]?.line);
  });

  it('is refused for agents that are not there, of another organisation, or cannot', async () => {
    await rawAgent(world, 'unable-agent');
    await expect(world.hub.locate('acme', 'nobody-here', { snippet: 'a', limit: 1 })).rejects.toMatchObject({
      code: 'upstream_error',
    });
    await expect(world.hub.locate('globex', 'unable-agent', { snippet: 'a', limit: 1 })).rejects.toThrow('not connected');
    await expect(world.hub.locate('acme', 'unable-agent', { snippet: 'a', limit: 1 })).rejects.toThrow('cannot look for places');
  });

  it('ends when there is no answer in time, and a late one does no harm', async () => {
    const frames: string[] = [];
    const socket = await able('slow-agent', frames);
    await expect(world.hub.locate('acme', 'slow-agent', { snippet: 'a', limit: 1 })).rejects.toThrow(
      'did not answer within 300 ms',
    );
    socket.send(JSON.stringify({ t: 'located', q: asked(frames)[0]?.q, places: [], isComplete: true }));
    const again = world.hub.locate('acme', 'slow-agent', { snippet: 'b', limit: 1 });
    await until('the second question', () => asked(frames).length === 2);
    socket.send(JSON.stringify({ t: 'located', q: asked(frames)[1]?.q, places: [], isComplete: false }));
    expect(await again).toMatchObject({ isComplete: false });
  });

  it('ends when the agent leaves', async () => {
    const frames: string[] = [];
    const socket = await able('leaving-agent', frames);
    const asking = world.hub.locate('acme', 'leaving-agent', { snippet: 'a', limit: 1 });
    await until('the question', () => asked(frames).length === 1);
    socket.terminate();
    await expect(asking).rejects.toThrow('disconnected before it answered');
  });

  it('is one of a few at a time for each agent, and the others wait for their turn', async () => {
    const frames: string[] = [];
    const socket = await able('busy-agent', frames);
    const ask = (snippet: string) =>
      world.hub.locate('acme', 'busy-agent', { snippet, limit: 1 }).then(
        () => 'found',
        (problem: { code: string }) => problem.code,
      );
    const answer = (nth: number) =>
      socket.send(JSON.stringify({ t: 'located', q: asked(frames)[nth]?.q, places: [], isComplete: true }));
    const [a, b, c] = [ask('a'), ask('b'), ask('c')];
    await until('two are asked', () => asked(frames).length === 2);
    answer(0);
    await until('the third is asked', () => asked(frames).length === 3);
    answer(2);
    expect(await Promise.all([a, c])).toEqual(['found', 'found']);
    expect(await b).toBe('upstream_error');
    // Both places are free again.
    const last = [ask('d'), ask('e')];
    await until('both are asked', () => asked(frames).length === 5);
    answer(3);
    answer(4);
    expect(await Promise.all(last)).toEqual(['found', 'found']);
  });

  it('is refused when its turn does not come in time', async () => {
    const frames: string[] = [];
    await able('stuck-agent', frames);
    const first = ['a', 'b'].map((snippet) =>
      world.hub.locate('acme', 'stuck-agent', { snippet, limit: 1 }).catch(() => 'failed'),
    );
    const rest = Array.from({ length: 65 }, () =>
      world.hub.locate('acme', 'stuck-agent', { snippet: 'c', limit: 1 }).then(
        () => 'found',
        (problem: { code: string }) => problem.code,
      ),
    );
    const codes = await Promise.all(rest);
    expect(codes.at(-1)).toBe('too_busy');
    expect(new Set(codes).has('found')).toBe(false);
    await Promise.all(first);
  });
});

describe('an action without hits', () => {
  it('takes none from an agent that sends some all the same', async () => {
    const frames: string[] = [];
    const socket = await able('eager-agent', frames);
    const counter = { id: 'act_counter', rev: 1, kind: 'counter', where: { file: 'a.ts', line: 1 }, expressions: [] } as const;
    const arming = world.hub.arm('acme', 'eager-agent', {
      ...counter,
      expressions: [],
      limits: { hits: 1, depth: 3, ttlMs: 1_000 },
    });
    await until('the action', () => frames.some((frame) => frame.includes('"arm"')));
    const capture = {
      at: { file: 'a.ts', line: 1 },
      stack: [],
      scopes: [],
      expressions: [],
      pauseMicros: 1,
      cut: [],
      redacted: {},
    };
    socket.send(JSON.stringify({ t: 'state', n: 1, id: counter.id, rev: 1, state: 'armed', hits: 0 }));
    await arming;
    socket.send(JSON.stringify({ t: 'hit', n: 2, id: counter.id, rev: 1, hit: 1, ts: 1, capture }));
    await until('the refusal', () => parsed(frames).some((frame) => frame.t === 'error' && frame.code === 'bad-frame'));
    expect(world.handlers.hits()).toEqual([]);
  });
});
