import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Arm, BridgeFrame, StateFrame } from '../../src/protocol/frames.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { helloFrame, rawSocket } from '../hub/raw.ts';
import { type Caller, connectCaller } from './world.ts';

/** Characters of a target in an answer: what is kept of an agent's words, and the numbers beside them. */
const maxTargetChars = 5_000;

let bridge: TestBridge;
let caller: Caller;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  bridge = await startBridge();
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});
afterAll(async () => {
  await caller?.close();
  await bridge?.close();
});

type Said = Omit<StateFrame, 't' | 'n' | 'id' | 'rev'>;

interface Target {
  bound: { file: string; line: number; function?: string; text?: string }[];
  lastError?: string;
  engine?: { why: string };
}

/** What is stored of an agent that says this of whatever it is asked for, and the answer to who asked. */
async function storedOf(id: string, said: Said) {
  const socket = await rawSocket({ url: bridge.agentUrl }, [], bridge.enrolKey);
  sockets.push(socket);
  await new Promise<void>((welcomed) => {
    let n = 0;
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as BridgeFrame;
      if (frame.t === 'welcome') welcomed();
      if (frame.t !== 'arm') return;
      const { action } = frame as Arm;
      n += 1;
      socket.send(JSON.stringify({ ...{ t: 'state', n, id: action.id, rev: action.rev }, ...said } satisfies StateFrame));
    });
    socket.send(JSON.stringify(helloFrame(id)));
  });
  const args = { source: { agentIds: [id] }, file: 'a.ts', line: 1, waitSeconds: 0 };
  const { structured } = await caller.call('take_snapshot', args);
  return { answer: structured, target: structured.targets?.[0] as unknown as Target };
}

describe('what is kept of the words of an agent', () => {
  it.each([
    ['plain', (index: number) => `${index}/`.padEnd(990, 'long/')],
    ['wide', (index: number) => String.fromCharCode(0x4e00 + index).repeat(990)],
    ['quoted', () => '"'.repeat(990)],
  ])('is bounded, however long its %s places are', async (kind, word) => {
    const at = Array.from({ length: 50 }, (_, index) => ({
      ...{ file: `${word(index)}.ts`, line: index + 1, column: 1, function: word(index).slice(0, 200) },
      text: word(index).slice(0, 200),
    }));
    const words = word(0).slice(0, 500);
    const engine = { name: 'breakpoint' as const, why: words };
    const { target } = await storedOf(`fat-places-${kind}`, {
      state: 'armed',
      hits: 0,
      at,
      engine,
      lastError: words,
      message: words,
    });
    expect(target.bound.length).toBeGreaterThanOrEqual(1);
    expect(target.bound.length).toBeLessThanOrEqual(5);
    for (const { file } of target.bound) {
      expect(file.length).toBeLessThanOrEqual(300);
      expect(file).toMatch(/\.ts$/);
    }
    expect(target.bound[0]).toMatchObject({ line: 1 });
    expect(JSON.stringify(target).length).toBeLessThan(maxTargetChars);
  });

  it('is all an honest agent says: of its places, and of what would fit instead', async () => {
    const file = `/srv/app/${'packages/'.repeat(20)}a.ts`;
    const place = (line: number) => ({
      file,
      line,
      column: 3,
      function: 'Orders.book',
      text: 'const total = await this.priceOf(order);',
    });
    const at = [1, 2, 3, 4, 5].map(place);
    const engine = { name: 'breakpoint' as const, why: 'Calls inserted at load are switched off.' };
    const armed = await storedOf('honest-armed', { state: 'armed', hits: 0, at, engine, lastError: 'order is undefined' });
    expect(armed.target).toMatchObject({ bound: at, engine, lastError: 'order is undefined' });

    const problem = {
      ...{ part: 'line' as const, lines: [1, 7, 9, 12, 40], nearest: ['total', 'totals', 'tota'] },
      names: Array.from({ length: 10 }, (_, index) => `someNameInScope${index}`),
      deployed: Array.from(
        { length: 6 },
        (_, index) => `const line${index} = await this.somethingThatIsSomewhatLong(order, ${index});`,
      ),
    };
    const failed = await storedOf('honest-failed', {
      state: 'failed',
      hits: 0,
      code: 'line-mismatch',
      message: 'Another text.',
      problem,
    });
    expect(failed.answer.error?.data).toMatchObject({
      options: { didYouMean: problem.nearest, inScope: problem.names, deployed: problem.deployed },
    });
  });
});
