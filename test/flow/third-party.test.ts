import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { connected, markedLine, type Program, startProgram, until } from '../helpers/program.ts';
import { type Caller, connectCaller } from './world.ts';

/** The static file server of npm's authors: published JavaScript, an ES module, nobody here wrote a line of it. */
const st = fileURLToPath(new URL('../../node_modules/st/', import.meta.url));

let bridge: TestBridge;
let program: Program;
let caller: Caller;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidelight-st-'));
  await writeFile(join(folder, 'hello.txt'), 'hello');
  await writeFile(join(folder, 'other.txt'), 'other');
  bridge = await startBridge();
  program = startProgram({
    file: `${st}bin/server.js`,
    args: ['-p', '0', '-H', '127.0.0.1', '-d', folder],
    service: 'st',
    url: bridge.agentUrl,
    key: bridge.enrolKey,
  });
  await connected(bridge, 'st');
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
}, 60_000);

afterAll(async () => {
  await caller?.close();
  await program?.stop();
  await bridge?.close();
  await rm(folder, { recursive: true, force: true });
});

it('reads a published program on a line of its own code, only for the request that is meant', async () => {
  const [, url = ''] = await program.printed(/listening at (\S+)/);
  const line = markedLine(`${st}st.js`, 'const p = this.getPath(sturl)');
  const snapshot = caller.call('take_snapshot', {
    source: { service: 'st' },
    file: 'st/st.js',
    line,
    condition: "sturl === '/hello.txt'",
    expressions: ['sturl', 'this.url', 'req.method', 'req.headers.accept'],
    timeoutSeconds: 60,
  });
  let answered = false;
  void snapshot.finally(() => {
    answered = true;
  });
  const get = async (path: string) => (await fetch(`${url}${path}`, { headers: { Accept: 'text/plain' } })).text();
  await until('the snapshot is hit', async () => {
    expect(await get('/other.txt')).toBe('other');
    expect(await get('/hello.txt')).toBe('hello');
    return answered || undefined;
  });
  const { structured } = await snapshot;

  expect(structured).toMatchObject({
    status: 'completed',
    hitCount: 1,
    bound: { line, text: 'const p = this.getPath(sturl)' },
  });
  const [hit] = structured.hits;
  expect(hit).toMatchObject({
    expressions: [
      { expression: 'sturl', value: '/hello.txt' },
      { expression: 'this.url', value: '/' },
      { expression: 'req.method', value: 'GET' },
      // A getter of Node: it would run code of the program, so it is refused and not read.
      { expression: 'req.headers.accept', error: expect.stringContaining('headers') },
    ],
  });
  expect(hit).toMatchObject({
    stack: [{ function: expect.stringMatching(/\bserve$/), file: expect.stringMatching(/st\.js$/) }, {}],
  });
  expect(await get('/hello.txt')).toBe('hello');
});
