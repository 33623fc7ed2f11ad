import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Action } from '../../src/protocol/frames.ts';
import { buildAgent } from './built-agent.ts';
import { type FakeBridge, type FakeBridgeOptions, framesOf, snapshot, startFakeBridge } from './fake-bridge.ts';
import { nodes } from './nodes.ts';
import { marked } from './probe-program.ts';
import { program, type RunningProgram, runProgram } from './run-program.ts';
import { until } from './until.ts';

// Whatever the agent meets, and however the program ends: its output, its exit code and the time of its end are as without the agent.

const file = program('endings.cjs');
const where = { file: 'endings.cjs', line: marked(file) };
/** How much later than without the agent a program may end; the machine may be busy. */
const maxDelayMs = 2_000;

let agent: string;
const started: RunningProgram[] = [];
let folder: string;

beforeAll(async () => {
  agent = await buildAgent();
  folder = await mkdtemp(join(tmpdir(), 'sidelight-harmless-'));
  const subject = ['-subj', '/CN=127.0.0.1', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject]);
});
afterAll(async () => {
  for (const directory of [agent, folder]) await rm(directory, { recursive: true, force: true });
});

/** Whoever did not end. */
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

/** What a program with the agent meets. */
interface Met {
  settings: Record<string, string>;
  /** Waits until the program has met it. */
  met(running: RunningProgram): Promise<unknown>;
  close(): Promise<void>;
}

const said = (text: string) => (running: RunningProgram) => until(() => running.stderr().includes(text), text);

async function listening(server: Server, scheme: string): Promise<Pick<Met, 'settings' | 'close'>> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => open.add(socket.on('error', () => undefined)));
  return {
    settings: { SIDELIGHT_URL: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}` },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that does this with each connection. */
async function raw(answer: (socket: Socket) => void): Promise<Met> {
  let connections = 0;
  const server = createTcp((socket) => {
    connections += 1;
    answer(socket);
  });
  return { ...(await listening(server, 'http')), met: () => until(() => connections > 0, 'a connection') };
}

/** A bridge, and what it does when the agent has come. */
async function bridged(
  met: (running: RunningProgram, bridge: FakeBridge) => Promise<unknown>,
  options: FakeBridgeOptions = {},
  more: Record<string, string> = {},
): Promise<Met> {
  const bridge = await startFakeBridge(options);
  return { settings: { SIDELIGHT_URL: bridge.url, ...more }, met: (running) => met(running, bridge), close: () => bridge.kill() };
}

/** A bridge that has every kind of probe on the line that is passed all the time, and one that never fires. */
function armed(settings: Record<string, string>, then?: (bridge: FakeBridge) => Promise<unknown>): Promise<Met> {
  const limits = { hits: 50, depth: 3, ttlMs: 60_000 };
  const actions: Action[] = [
    snapshot('act_hits', where, limits),
    { ...snapshot('act_never', where), condition: 'passes < 0' },
    { ...snapshot('act_count', where), kind: 'counter' },
    { ...snapshot('act_sum', where), kind: 'metric', expressions: ['passes'] },
    {
      ...snapshot('act_log', where, limits),
      kind: 'logpoint',
      expressions: ['step'],
      log: { template: '{step}', level: 'info', perSecond: 100, toStdout: false },
    },
    { ...snapshot('act_late', { file: 'not-loaded.js', line: 1 }) },
  ];
  return bridged(
    async (_running, bridge) => {
      const connection = await bridge.connection(0);
      await until(() => {
        const states = framesOf(connection, 'state');
        const ids = new Set(states.filter(({ state }) => state === 'armed').map(({ id }) => id));
        return ids.size === actions.length - 1 && framesOf(connection, 'hit').length > 0;
      }, 'the probes');
      await then?.(bridge);
    },
    { welcome: { actions } },
    settings,
  );
}

const garbage = Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7_919 + 13) % 256));

const states: Record<string, () => Promise<Met>> = {
  'no bridge': async () => {
    const bridge = await startFakeBridge();
    await bridge.kill();
    return { settings: { SIDELIGHT_URL: bridge.url }, met: said('cannot talk to'), close: async () => undefined };
  },
  'a key that is not accepted': () => bridged(said('does not know SIDELIGHT_KEY'), { status: 401 }),
  'a certificate nobody trusts': async () => {
    const [key, cert] = await Promise.all(['key.pem', 'cert.pem'].map((name) => readFile(join(folder, name))));
    return { ...(await listening(createHttps({ key, cert }), 'https')), met: said('cannot talk to') };
  },
  'a server that says nothing': () => raw(() => undefined),
  'a server that sends garbage': () => raw((socket) => socket.write(garbage)),
  'a server that hangs up': () => raw((socket) => socket.destroy()),
  'a bridge that sends garbage': () =>
    bridged(async (_running, bridge) => {
      const connection = await bridge.connection(0);
      for (let turn = 0; turn < 5; turn += 1) connection.socket.send(garbage.toString('latin1'));
      connection.socket.send(garbage);
      await until(() => connection.closed, 'the close');
    }),
  'a bridge of another version': () =>
    bridged(async (running, bridge) => {
      (await bridge.connection(0)).send({ t: 'error', code: 'version', message: 'Too old.' });
      await said('refuses this agent')(running);
    }),
  'a bridge that does not welcome': () => bridged((_running, bridge) => bridge.connection(0), { mute: true }),
  'a bridge that leaves': () =>
    bridged(async (_running, bridge) => {
      (await bridge.connection(0)).socket.close(1012, 'draining');
      await bridge.connection(1);
    }),
  'every probe, by breakpoints': () => armed({ SIDELIGHT_ENGINES: 'breakpoint' }),
  'every probe, by inserted code': () => armed({ SIDELIGHT_ENGINES: 'breakpoint,live-edit' }),
  'every probe, at load time': () => armed({ SIDELIGHT_INSTRUMENT: '**/endings.cjs' }),
  'the kill switch of the bridge': () =>
    armed({}, async (bridge) => {
      const connection = await bridge.connection(0);
      const names = { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] };
      connection.send({ t: 'policy', policy: { names, pause: true } });
      await until(() => framesOf(connection, 'state').at(-1)?.state === 'suspended', 'the suspension');
    }),
};

const endings = ['end', 'exit', 'code', 'throw', 'caught throw', 'rejection', 'caught rejection', 'signal', 'caught signal'];

/** Met with every ending on each Node; the other states with every third, each time on another Node. */
const thorough = /^(?:no bridge|every probe)/;
const everyThird = 3;
const inTurn = nodes().map((node, turn) => ({ ...node, turn }));

/** What the program itself says. Code inserted at load time moves columns and shows in the line that Node quotes, as docs/agent.md tells. */
function ownWords(stderr: string): string {
  return stderr
    .replace(/^sidelight: .*\n/gm, '')
    .replace(/(?<=endings\.cjs:\d+\n).*\n *\^\n/, '')
    .replace(/(?<=endings\.cjs:\d+):\d+/g, '');
}

interface Ended {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  tookMs: number;
}

describe.each(inTurn)('Node $major', ({ execPath: node, turn }) => {
  async function ended(ending: string, met: Met | undefined): Promise<Ended> {
    const settings: Record<string, string> = met === undefined ? {} : { ...met.settings, SIDELIGHT_KEY: 'sle_test' };
    const own = met === undefined ? [] : ['--import', pathToFileURL(join(agent, 'register.js')).href];
    const running = runProgram(node, [...own, file, ending], settings);
    started.push(running);
    try {
      await running.said('ready');
      await met?.met(running);
      const began = performance.now();
      if (ending.endsWith('signal')) running.child.kill('SIGTERM');
      else running.tell('go');
      const { code, signal } = await running.ended;
      return { stdout: running.stdout(), stderr: ownWords(running.stderr()), code, signal, tookMs: performance.now() - began };
    } finally {
      running.child.kill('SIGKILL');
      await met?.close();
    }
  }

  test.each(endings.map((ending, number) => [ending, number] as const))(
    'the end by %s is as without the agent, whatever that meets',
    async (ending, number) => {
      const plain = await ended(ending, undefined);
      const isItsTurn = (index: number) => (index + number) % (everyThird * inTurn.length) === everyThird * turn;
      const rows = Object.entries(states).filter(([name], index) => thorough.test(name) || isItsTurn(index));
      const differences: string[] = [];
      const row = async (): Promise<void> => {
        for (let next = rows.shift(); next !== undefined; next = rows.shift()) {
          const [name, make] = next;
          const { tookMs, ...seen } = await ended(ending, await make());
          const { tookMs: plainMs, ...expected } = plain;
          if (JSON.stringify(seen) !== JSON.stringify(expected))
            differences.push(`${name}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`);
          if (tookMs > plainMs + maxDelayMs)
            differences.push(`${name}: ${Math.round(tookMs)} ms instead of ${Math.round(plainMs)}`);
        }
      };
      await Promise.all([row(), row(), row()]);
      expect(differences).toEqual([]);
    },
    60_000,
  );
});
