import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Action, AgentFrame, Engine, StateFrame } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import { secretRules } from '../../src/redaction/agent-rules.ts';
import { buildAgent } from '../../test/agent/built-agent.ts';
import { type FakeBridge, type FakeConnection, startFakeBridge } from '../../test/agent/fake-bridge.ts';
import { until } from '../../test/agent/until.ts';
import { lineOf, type Service } from './service.ts';
import { type Captured, type Placed, type Probe, Refused, type Watcher } from './watcher.ts';

/** Names whose values are hidden: none. */
const names = { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] };
const finalStates = new Set(['expired', 'removed', 'failed']);

/** What all services with our agent share. */
export interface Sidelight {
  bridge: FakeBridge;
  directory: string;
  close(): Promise<void>;
}

/** With the agent of this checkout, or one that was built before. */
export async function startSidelight(built?: string): Promise<Sidelight> {
  const directory = built ?? (await buildAgent());
  const bridge = await startFakeBridge({ welcome: { beatMs: 2_000, maxSilenceMs: 8_000 } });
  const close = async (): Promise<void> => {
    await bridge.kill();
    if (built === undefined) await rm(directory, { recursive: true });
  };
  return { bridge, directory, close };
}

/** Our agent, bound to one engine when one is named. */
export function sidelight({ bridge, directory }: Sidelight, engine: Engine | undefined, armMs: number): Watcher {
  const connectionOf = ({ child }: Service): Promise<FakeConnection> =>
    until(() => bridge.connections.find(({ hello }) => hello.pid === child.pid), 'the agent');
  return {
    name: engine === undefined ? 'agent' : engine,
    launch: async () => ({
      args: ['--import', pathToFileURL(join(directory, 'register.js')).href],
      env: {
        ...{ SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_bench', SIDELIGHT_SERVICE: 'bench' },
        ...(engine === 'load-time' ? { SIDELIGHT_INSTRUMENT: 'bench/agent-server.cjs' } : {}),
        ...(engine === 'live-edit' ? { SIDELIGHT_ENGINES: 'breakpoint,live-edit' } : {}),
      },
    }),
    async ready(service) {
      const connection = await connectionOf(service);
      if (engine === undefined) return;
      const { engines = ['breakpoint'] } = connection.hello.capabilities;
      if (!engines.includes(engine)) throw new Refused(`the agent offers ${engines.join(', ')} only`);
      connection.send({
        t: 'policy',
        policy: { names, secrets: secretRules, pause: false, budget: { engines: [engine], armMs } },
      });
    },
    async place(service, probe) {
      const connection = await connectionOf(service);
      const { kinds } = connection.hello.capabilities;
      if (!kinds.includes(probe.kind)) throw new Refused(`the agent offers ${kinds.join(', ')} only`);
      return new SidelightProbe(connection, probe).placed();
    },
    close: async () => undefined,
  };
}

/** A probe that is armed anew when it has had its hits. */
class SidelightProbe implements Placed {
  readonly #connection: FakeConnection;
  readonly #probe: Probe;
  readonly #reader: NodeJS.Timeout;
  #revision = 0;
  #action: Action;
  #state: StateFrame | undefined;
  #hits = 0;
  #captures: Captured[] = [];
  #isRemoved = false;

  constructor(connection: FakeConnection, probe: Probe) {
    this.#connection = connection;
    this.#probe = probe;
    this.#action = this.#arm();
    this.#reader = setInterval(() => this.#read(), 20);
  }

  async placed(): Promise<this> {
    const state = await until(() => this.#state?.state !== 'pending' && this.#state, 'the probe');
    if (state.state === 'armed') return this;
    this.forget();
    throw new Refused(`${state.code ?? state.state}${state.message === undefined ? '' : `: ${state.message}`}`);
  }

  hits(): number {
    return this.#hits;
  }

  takeCaptures(): Captured[] {
    return this.#captures.splice(0);
  }

  counted(): number | undefined {
    return this.#state?.sums?.estimate?.count ?? this.#state?.sums?.count;
  }

  how(): string | undefined {
    const { engine, sums } = this.#state ?? {};
    return sums?.estimate === undefined ? engine?.name : `${engine?.name}, estimated`;
  }

  async remove(): Promise<void> {
    this.#isRemoved = true;
    this.#connection.send({ t: 'remove', id: this.#action.id, reason: 'cancelled' });
    await until(() => this.#state !== undefined && finalStates.has(this.#state.state), 'the removal');
    this.forget();
  }

  forget(): void {
    clearInterval(this.#reader);
  }

  #arm(): Action {
    const action = actionOf(this.#probe, `act_bench_${this.#revision++}`);
    this.#connection.send({ t: 'arm', action });
    return action;
  }

  #read(): void {
    let lastN = 0;
    for (const frame of this.#connection.frames.splice(0)) {
      if (frame.t === 'state' || frame.t === 'hit') lastN = frame.n;
      this.#take(frame);
    }
    if (lastN > 0) this.#connection.send({ t: 'ack', n: lastN });
    if (this.#state === undefined || this.#isRemoved || !finalStates.has(this.#state.state)) return;
    if (this.#state.state === 'failed') return;
    this.#action = this.#arm();
    this.#state = undefined;
  }

  #take(frame: AgentFrame): void {
    if (frame.t === 'state' && frame.id === this.#action.id) this.#state = frame;
    if (frame.t !== 'hit') return;
    this.#hits += 1;
    const values = { count: 0 };
    let call: number | undefined;
    for (const { variables } of frame.capture.scopes)
      for (const [name, value] of variables) {
        if (name === 'call' && typeof value === 'number') call = value;
        count(value, values);
      }
    const { pauseMicros } = frame.capture;
    this.#captures.push({ ...(call === undefined ? {} : { call }), values: values.count, pauseMicros });
  }
}

/** Adds a captured value and all within it. */
function count(value: unknown, to: { count: number }): void {
  to.count += 1;
  if (typeof value !== 'object' || value === null) return;
  const { fields, elements } = value as { fields?: [string, unknown][]; elements?: unknown[] };
  for (const [, field] of fields ?? []) count(field, to);
  for (const element of elements ?? []) count(element, to);
}

function actionOf({ kind, mark, isNever, perSecond, callsPerSecond }: Probe, id: string): Action {
  const every = Math.max(1, Math.round((callsPerSecond ?? 0) / (perSecond ?? 1)));
  const isRate = kind === 'snapshot' && perSecond !== undefined;
  const condition = isNever ? 'total < 0' : isRate ? `call % ${every} === 0` : undefined;
  return {
    ...{ id, rev: 1, kind, where: { file: 'agent-server.cjs', line: lineOf(mark) } },
    ...(condition === undefined ? {} : { condition }),
    expressions: kind === 'metric' || kind === 'logpoint' ? ['total'] : [],
    ...(kind === 'logpoint'
      ? { log: { template: 'total {total}', level: 'info', perSecond: perSecond ?? limits.maxLogsPerSecond, toStdout: false } }
      : {}),
    ...(kind === 'duration' ? { duration: { span: 'function' } } : {}),
    limits: { hits: limits.maxHits, depth: limits.maxDepth, ttlMs: limits.maxTimeoutSeconds * 1_000 },
  };
}
