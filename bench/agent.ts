import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Action } from '../src/protocol/frames.ts';
import { buildAgent } from '../test/agent/built-agent.ts';
import { type FakeBridge, type FakeConnection, framesOf, snapshot, startFakeBridge } from '../test/agent/fake-bridge.ts';
import { marked } from '../test/agent/probe-program.ts';
import { until } from '../test/agent/until.ts';
import { machine, median, table } from './measure.ts';

/** What the agent costs a program: an HTTP service in each state, loaded one after the other, round by round. */
const rounds = 7;
const burstMs = 1_000;
const connections = 10;
const program = fileURLToPath(new URL('./agent-server.cjs', import.meta.url));

/** What is placed before the load, and whether it is taken away again. */
interface State {
  name: string;
  agent: boolean;
  mark?: string;
  condition?: string;
  removed?: boolean;
}

const states: State[] = [
  { name: 'without the agent', agent: false },
  { name: 'without the agent, once more', agent: false },
  { name: 'agent, idle', agent: true },
  { name: 'probe on a line of a function that is not called', agent: true, mark: 'cold' },
  { name: 'probe on a line that is not reached, of a function called at each request', agent: true, mark: 'branch' },
  { name: 'probe on a line passed at each request, condition never true', agent: true, mark: 'hot', condition: 'total < 0' },
  { name: 'after the probe was removed', agent: true, mark: 'hot', condition: 'total < 0', removed: true },
];

interface Running {
  state: State;
  child: ChildProcess;
  port: number;
  rates: number[];
  cpuMicros: number[];
}

async function main(): Promise<void> {
  const agent = await buildAgent();
  const bridge = await startFakeBridge({ welcome: { beatMs: 2_000, maxSilenceMs: 8_000 } });
  const servers: Running[] = [];
  try {
    for (const state of states) servers.push(await start(state, agent, bridge));
    for (let round = -1; round < rounds; round += 1) {
      // Another one is first each time.
      for (const server of [...servers.slice(round), ...servers.slice(0, round)]) {
        const before = await cpuOf(server.port);
        const { requests, tookMs } = await load(server.port);
        if (round < 0) continue;
        server.rates.push((requests * 1_000) / tookMs);
        server.cpuMicros.push(((await cpuOf(server.port)) - before) / requests);
      }
    }
    print(servers);
  } finally {
    for (const { child } of servers) child.kill('SIGKILL');
    await bridge.kill();
    await rm(agent, { recursive: true });
  }
}

/** Starts the service on one core where that can be asked for, and brings it into its state. */
async function start(state: State, agent: string, bridge: FakeBridge): Promise<Running> {
  const args = [...(state.agent ? ['--import', pathToFileURL(join(agent, 'register.js')).href] : []), program];
  const pinned = process.platform === 'linux' && cpus().length > 1 ? ['taskset', '-c', '0'] : [];
  const [command = process.execPath, ...rest] = [...pinned, process.execPath, ...args];
  const env = { ...process.env, SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_bench', SIDELIGHT_SERVICE: 'bench' };
  const child = spawn(command, rest, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  if (state.agent)
    await place(state, await until(() => bridge.connections.find(({ hello }) => hello.pid === child.pid), 'the agent'));
  return { state, child, port, rates: [], cpuMicros: [] };
}

async function place({ mark, condition, removed }: State, connection: FakeConnection): Promise<void> {
  if (mark === undefined) return;
  const action: Action = snapshot('act_bench', { file: 'agent-server.cjs', line: marked(program, mark) }, { ttlMs: 600_000 });
  connection.send({ t: 'arm', action: { ...action, ...(condition === undefined ? {} : { condition }) } });
  const told = (wanted: string) => until(() => framesOf(connection, 'state').some(({ state }) => state === wanted), wanted);
  await told('armed');
  if (!removed) return;
  connection.send({ t: 'remove', id: action.id, reason: 'cancelled' });
  await told('removed');
}

/** As many requests as come back within a burst, on kept connections, by sockets: a whole HTTP client would be the slower side. */
async function load(port: number): Promise<{ requests: number; tookMs: number }> {
  const startedAt = performance.now();
  const counts = await Promise.all(Array.from({ length: connections }, () => ask(port, startedAt + burstMs)));
  return { requests: counts.reduce((sum, count) => sum + count, 0), tookMs: performance.now() - startedAt };
}

function ask(port: number, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const request = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n';
    let answers = 0;
    let bytes = 0;
    /** Of one answer; all have the same. */
    let wholeBytes = 0;
    socket.setNoDelay(true);
    socket.on('connect', () => socket.write(request));
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      if (wholeBytes === 0) {
        const head = chunk.indexOf('\r\n\r\n') + 4;
        wholeBytes = head + Number(/content-length: (\d+)/i.exec(chunk.toString('latin1', 0, head))?.[1]);
      }
      bytes += chunk.length;
      if (bytes < wholeBytes) return;
      bytes = 0;
      answers += 1;
      if (performance.now() < until) socket.write(request);
      else {
        socket.destroy();
        resolve(answers);
      }
    });
  });
}

/** Microseconds of processor time, of all threads of the service. */
async function cpuOf(port: number): Promise<number> {
  const { user, system } = (await (await fetch(`http://127.0.0.1:${port}/cpu`)).json()) as NodeJS.CpuUsage;
  return user + system;
}

function print(servers: Running[]): void {
  const plain = servers[0] as Running;
  /** Within a round, so that a busy minute is busy for both. */
  const ratio = (own: number[], floor: number[]) =>
    median(own.map((value, round) => value / (floor[round] as number))).toFixed(2);
  const rows = servers.map(({ state, rates, cpuMicros }) => [
    state.name,
    median(rates).toFixed(0),
    ratio(rates, plain.rates),
    ratio(cpuMicros, plain.cpuMicros),
  ]);
  console.log(`${machine()}\n`);
  console.log(
    `An HTTP service on one core, ${connections} connections, ${rounds} bursts of ${burstMs} ms each in turn; medians.\n`,
  );
  console.log(table(['', 'req/s', '× without', 'CPU a request × without'], rows));
}

await main();
