import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, isGenuine, readCheckpoint } from '../../src/audit/checkpoint.ts';
import { createCheckpointer } from '../../src/audit/checkpointer.ts';
import { createSeal } from '../../src/audit/seal.ts';
import { readSink, type Sink } from '../../src/audit/sinks.ts';
import { readConfig } from '../../src/config.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import { openStores } from '../../src/storage/stores.ts';
import { refusalOf } from '../authorization/world.ts';
import { startBridge } from '../helpers/bridge.ts';
import { createTestClock, type TestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';
import { engines, type World } from '../storage/engines.ts';
import { audited } from '../storage/fixtures.ts';
import { type Node, nodeOver } from './world.ts';

const minuteMs = 60_000;
const [engine] = engines;

let world: World;
let node: Node;
let clock: TestClock;
let logged: string[];
let directory: string;

function over(...sinks: Sink[]) {
  const log = pino({}, { write: (line: string) => void logged.push(line) });
  return createCheckpointer({ seal: node.seal, ledger: node.audit, sinks, clock, log });
}

const stored = () => node.audit.checkpoints(node.node);

const sink = (word: string): Sink => {
  const found = readSink(word);
  if (found === undefined) throw new Error(`${word} is no sink.`);
  return found;
};

/** A receiver on loopback that answers what it is told to. */
async function receiver() {
  const state = { status: 204, got: [] as Checkpoint[], headers: {} as IncomingMessage['headers'] };
  const server = createServer(async (request, response) => {
    const checkpoint = readCheckpoint(await text(request));
    state.headers = request.headers;
    if (checkpoint !== undefined && state.status < 300) state.got.push(checkpoint);
    const status = request.url === '/elsewhere' ? 204 : state.status;
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((done) => server.close(() => done()));
  };
  return { state, url: `http://127.0.0.1:${port}/secret-path?token=hush`, close };
}

describe('a checkpoint', () => {
  beforeAll(async () => {
    if (engine === undefined) throw new Error('There is no engine.');
    world = await engine.open();
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    node = nodeOver(world.db);
    clock = createTestClock();
    logged = [];
    directory = await mkdtemp(join(tmpdir(), 'sidelight-checkpoints-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('is made after five minutes, when there was news, and signed', async () => {
    const checkpointer = over();
    await node.write(3);
    await checkpointer.turn();
    clock.advance(5 * minuteMs - 1);
    await checkpointer.turn();
    expect(await stored()).toEqual([]);
    clock.advance(1);
    await checkpointer.turn();
    const [first, ...rest] = await stored();
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ kind: 'checkpoint', node: node.node, seq: 3, count: 3, at: clock.now() });
    expect(first && isGenuine(node.seal, first)).toBe(true);
    clock.advance(60 * minuteMs);
    await checkpointer.turn();
    expect(await stored()).toHaveLength(1);
  });

  it('is made at once after a thousand records', async () => {
    const checkpointer = over();
    await Promise.all(Array.from({ length: 999 }, () => node.write(1)));
    await checkpointer.turn();
    expect(await stored()).toEqual([]);
    await node.write(1);
    await checkpointer.turn();
    expect(await stored()).toMatchObject([{ seq: 1_000, count: 1_000 }]);
  });

  it('is made at once where the one before is under another secret', async () => {
    await node.write(2);
    await over().close();
    const newer = createSecrets(Buffer.alloc(32, 2), Buffer.alloc(32, 1));
    const seal = createSeal({ node: node.node, secrets: newer });
    const { audit } = openStores(world.db, seal);
    const checkpointer = createCheckpointer({ seal, ledger: audit, sinks: [], clock, log: pino({ level: 'silent' }) });
    await checkpointer.turn();
    expect(await stored()).toHaveLength(1);
    await audit.append(audited('req_3'));
    await checkpointer.turn();
    expect(await stored()).toMatchObject([{ seq: 2 }, { seq: 3, count: 1, keyId: seal.keyId }]);
    await audit.append(audited('req_4'));
    await checkpointer.turn();
    expect(await stored()).toHaveLength(2);
  });

  it('is made at the end, and counts from the last one after a restart', async () => {
    const path = join(directory, 'each-once.jsonl');
    const file = sink(`file://${path}`);
    await node.write(2);
    await over(file).close();
    node = nodeOver(world.db, node.node);
    await node.write(3);
    await over(file).close();
    await over(file).close();
    expect(await stored()).toMatchObject([
      { seq: 2, count: 2 },
      { seq: 5, count: 3 },
    ]);
    expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(2);
    expect(await node.check()).toMatchObject({ checkpoints: 2 });
  });

  it('is made once, though a turn is under way when the bridge goes down', async () => {
    const path = join(directory, 'once.jsonl');
    const checkpointer = over(sink(`file://${path}`));
    await node.write(2);
    clock.advance(300_000);
    await Promise.all([checkpointer.turn(), checkpointer.close()]);
    expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
  });

  it('goes to a file that others cannot read, one line each', async () => {
    const path = join(directory, 'checkpoints.jsonl');
    for (const count of [1, 2]) {
      const checkpointer = over(sink(`file://${path}`));
      await node.write(count);
      await checkpointer.close();
    }
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map(readCheckpoint)).toEqual(await stored());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('goes to a webhook', async () => {
    const { state, url, close } = await receiver();
    const checkpointer = over(sink(url));
    await node.write(1);
    await checkpointer.close();
    expect(state.got).toEqual(await stored());
    expect(state.headers['content-type']).toBe('application/json');
    await close();
  });

  it('waits for a webhook that fails or points elsewhere, is tried again, and holds up nothing', async () => {
    const { state, url, close } = await receiver();
    const checkpointer = over(sink(url));
    await checkpointer.turn();
    state.status = 500;
    await node.write(1);
    clock.advance(5 * minuteMs);
    await checkpointer.turn();
    await until('it is logged', () => logged.length === 1 || undefined);
    state.status = 302;
    clock.advance(1_000);
    await until('it is logged again', () => logged.length === 2 || undefined);
    expect(await stored()).toHaveLength(1);
    expect(logged.join()).not.toMatch(/secret-path|hush/);
    state.status = 204;
    clock.advance(2_000);
    await until('it is there', () => state.got.length === 1 || undefined);
    expect(state.got).toEqual(await stored());
    await checkpointer.close();
    await close();
  });

  it('is given up at the end when nobody takes it, and is in the database all the same', async () => {
    const blocked = join(directory, 'not-a-directory');
    await writeFile(blocked, '');
    const checkpointer = over(sink(`file://${join(blocked, 'x')}`));
    await node.write(1);
    await checkpointer.close();
    expect(await stored()).toHaveLength(1);
    expect(logged.length).toBeGreaterThan(0);
  });
});

describe('a bridge that runs', () => {
  it('makes a checkpoint within minutes', async () => {
    const place = await mkdtemp(join(tmpdir(), 'sidelight-checkpoints-'));
    const path = join(place, 'kept.jsonl');
    const clock = createTestClock();
    const bridge = await startBridge({ 'audit-checkpoints': `file://${path}` }, clock);
    try {
      const line = await until('a checkpoint is there', () => {
        clock.advance(minuteMs);
        return readFile(path, 'utf8').catch(() => undefined);
      });
      expect(readCheckpoint(line)).toMatchObject({ kind: 'checkpoint', seq: expect.any(Number) });
    } finally {
      await bridge.close();
      await rm(place, { recursive: true, force: true });
    }
  });
});

describe('the setting auditCheckpoints', () => {
  const read = (word: string) => readConfig({ 'audit-checkpoints': word }, {}).auditCheckpoints.map(({ name }) => name);

  it('is a list of places', () => {
    expect(read('')).toEqual([]);
    expect(read('stdout, file:///var/log/a.jsonl,https://audit.example.com/hook?x=1')).toEqual([
      'stdout',
      'file:/var/log/a.jsonl',
      'https://audit.example.com',
    ]);
    expect(read('http://127.0.0.1:9/,http://localhost:9/,http://[::1]:9/')).toHaveLength(3);
  });

  it.each([
    'stderr',
    'file:relative',
    'http://audit.example.com/secret-hook',
    'http://127.0.0.1.example.com/secret-hook',
    'https://user:secret-hook@audit.example.com/',
    'ftp://127.0.0.1/secret-hook',
    'secret-hook',
  ])('refuses %s and does not repeat it', async (word) => {
    const refusal = await refusalOf(() => read(word));
    expect(refusal.details).toMatchObject({ code: 'invalid_input', field: 'auditCheckpoints' });
    expect(JSON.stringify(refusal.details)).not.toContain('secret-hook');
  });
});
