import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Action } from '../../src/protocol/frames.ts';
import { buildAgent } from './built-agent.ts';
import { type FakeBridge, framesOf, startFakeBridge } from './fake-bridge.ts';
import { program, type RunningProgram, runProgram } from './run-program.ts';
import { until } from './until.ts';

let agent: string;
let bridge: FakeBridge;
let running: RunningProgram;

beforeAll(async () => {
  agent = await buildAgent();
});
afterAll(() => rm(agent, { recursive: true, force: true }));
afterEach(async () => {
  running.child.kill('SIGKILL');
  await bridge.kill();
});

const asked = (id: string, file: string): Action => ({
  id,
  rev: 3,
  kind: 'snapshot',
  where: { file, line: 1 },
  expressions: [],
  limits: { hits: 1, depth: 1, ttlMs: 60_000 },
});
const unseen = 'a\u200b.cjs';

test('an action that cannot be read is answered as failed, and takes neither its welcome nor its neighbours with it', async () => {
  bridge = await startFakeBridge({ welcome: { actions: [asked('act_bad', unseen), asked('act_good', 'not-loaded-yet.mjs')] } });
  const settings = { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', SIDELIGHT_SERVICE: 'shop' };
  const entry = pathToFileURL(join(agent, 'register.js')).href;
  running = runProgram(process.execPath, ['--import', entry, program('obedient.mjs')], settings);
  const connection = await bridge.connection(0);
  const states = () => framesOf(connection, 'state');
  await until(() => new Set(states().map(({ id }) => id)).size === 2, 'both are answered');
  expect(states().filter(({ id }) => id === 'act_bad')).toMatchObject([
    { rev: 3, state: 'failed', code: 'unsupported', message: expect.stringContaining('printable') },
  ]);
  expect(states().find(({ id }) => id === 'act_good')?.rev).toBe(3);

  connection.send({ t: 'arm', action: asked('act_later', unseen) });
  await until(() => states().some(({ id, state }) => id === 'act_later' && state === 'failed'), 'the later one is answered');
  expect(framesOf(connection, 'error')).toEqual([]);
  expect(connection.closed).toBeUndefined();
});
