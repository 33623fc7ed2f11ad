import { EventEmitter } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Random } from '../../agents-sim/random.ts';
import { type Assembled, assemble } from '../../src/assemble.ts';
import { createSeal } from '../../src/audit/seal.ts';
import type { PolicySource } from '../../src/authorization/in-force.ts';
import { watchDirectory } from '../../src/authorization/watch.ts';
import { type CallRequest, call } from '../../src/call.ts';
import type { Config } from '../../src/config.ts';
import { drain } from '../../src/drain.ts';
import { OpenCalls } from '../../src/http/open-calls.ts';
import type { Secrets } from '../../src/identity/secrets.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import type { Db } from '../../src/storage/db.ts';
import { openStores } from '../../src/storage/stores.ts';
import { noTelemetry } from '../../src/telemetry/telemetry.ts';
import type { Answer } from '../../src/tools/present.ts';
import type { Registry } from '../../src/tools/registry.ts';
import type { Bells } from './bells.ts';
import { DatabaseLine, type LineEvents } from './database.ts';
import type { Machine } from './machine.ts';
import { knock, upgrade, type Wire } from './wires.ts';

/** A clock of one machine: off by something, and stopped with it. */
class ReplicaClock implements Clock {
  offMs = 0;
  timers = 0;
  #isStopped = false;
  readonly #machine: Machine;

  constructor(machine: Machine, offMs: number) {
    this.#machine = machine;
    this.offMs = offMs;
  }

  now(): number {
    return this.#machine.now + this.offMs;
  }

  monotonic(): number {
    return this.#machine.elapsedMs;
  }

  after(ms: number, run: () => void): () => void {
    if (this.#isStopped) return () => undefined;
    this.timers += 1;
    let isOver = false;
    const over = () => {
      if (!isOver) this.timers -= 1;
      isOver = true;
    };
    const callOff = this.#machine.after(ms, () => {
      if (isOver || this.#isStopped) return;
      over();
      run();
    });
    return () => {
      over();
      callOff();
    };
  }

  stop(): void {
    this.#isStopped = true;
  }
}

export interface Ground {
  machine: Machine;
  random: Random;
  shared: Db;
  bells: Bells;
  secrets: Secrets;
  policies: PolicySource;
  registry: Registry;
  config: Config;
  log: Log;
  events: LineEvents;
}

/** One bridge of several: production code over a clock, a database line, a bell and connections that fail. */
export class StormReplica {
  readonly name: string;
  readonly clock: ReplicaClock;
  readonly line: DatabaseLine;
  readonly gauges = new Map<string, () => unknown>();
  state: 'starting' | 'up' | 'draining' | 'down' = 'starting';
  /** Whether agents and callers reach it. */
  isReached = true;
  readonly #ground: Ground;
  readonly #calls = new OpenCalls();
  readonly #wires = new Set<Wire>();
  /** Callers whose connection breaks with it. */
  readonly #callers = new Set<() => void>();
  #assembled: Assembled | undefined;
  #stopKeeping = () => {};
  id = '';

  constructor(name: string, ground: Ground, clockOffMs: number) {
    this.name = name;
    this.#ground = ground;
    this.clock = new ReplicaClock(ground.machine, clockOffMs);
    this.line = new DatabaseLine(ground.shared, ground.machine, ground.random.fork(name), ground.events);
  }

  get assembled(): Assembled {
    if (this.#assembled === undefined) throw new Error(`${this.name} is not up.`);
    return this.#assembled;
  }

  /** Of the policies it decides by; undefined while it does not. */
  get policyHash(): string | undefined {
    return this.#assembled?.inForce.status().hash;
  }

  /** The timers that belong to it alone. */
  get timers(): number {
    return this.clock.timers;
  }

  get openCalls(): number {
    return this.#calls.open;
  }

  /** Connections of agents, and those that knock. */
  get connections(): number {
    return this.#wires.size;
  }

  async start(): Promise<void> {
    const { secrets, policies, registry, config, log, bells } = this.#ground;
    const seal = createSeal({ node: this.name, secrets });
    const storage: Parameters<typeof assemble>[1]['storage'] = {
      ...{ stores: openStores(this.line, seal), secrets, seal, isShared: true },
      state: () =>
        this.line.query('select 1').then(
          () => ({ database: true, schema: true }),
          () => ({ database: false, schema: false }),
        ),
      openBell: async (replica, ear) => {
        this.id = replica;
        return bells.open(replica, ear, log, () => !this.line.faults.isCut && !this.line.faults.isDown);
      },
    };
    this.#assembled = await assemble(config, {
      ...{ clock: this.clock, log, storage, loaded: policies, registry, upgrade },
      telemetry: { ...noTelemetry, gauge: (name, read) => this.gauges.set(name, read) },
    });
    const { keepHouse, inForce } = this.#assembled;
    const stops = [keepHouse(), watchDirectory(policies.directory, () => inForce.look(), this.clock)];
    this.#stopKeeping = () => {
      for (const stop of stops) stop();
    };
    this.state = 'up';
  }

  /** An agent knocks. */
  connect(wire: Wire, key: string): void {
    if (!this.isReached || this.#assembled === undefined || this.state === 'down') {
      wire.unreachable();
      return;
    }
    this.#wires.add(wire);
    wire.bridge.once('close', () => this.#wires.delete(wire));
    this.#assembled.hub.handleUpgrade(...knock(wire, key));
  }

  /** A call, as a face makes it; rejects when the connection breaks. */
  async call(bearer: string, asked: Omit<CallRequest, 'face' | 'progress'>): Promise<Answer> {
    if (!this.isReached || this.state === 'down' || this.state === 'starting') throw new Error('connection refused');
    const { bridge } = this.assembled;
    this.#calls.admit();
    const response = new EventEmitter();
    this.#calls.enter(response as ServerResponse);
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const broken = () => reject(new Error('connection reset'));
        this.#callers.add(broken);
        const run = async () => {
          const principal = await bridge.authenticate(bearer, '10.0.0.8');
          return this.#calls.run(asked.signal, (signal) =>
            call(bridge, principal, { ...asked, signal, progress: async () => undefined }),
          );
        };
        run()
          .then(resolve, reject)
          .finally(() => this.#callers.delete(broken));
      });
    } finally {
      response.emit('close');
    }
  }

  /** The process is gone, or its whole machine: then nobody is told. */
  kill(isMachine: boolean): void {
    this.state = 'down';
    this.clock.stop();
    this.line.die();
    this.#ground.bells.forget(this.id);
    for (const wire of this.#wires) {
      if (isMachine) wire.isSilent = true;
      else wire.cut(wire.bridge);
      wire.bridge.removeAllListeners();
    }
    for (const broken of this.#callers) broken();
  }

  /** As at SIGTERM. */
  async drain(): Promise<void> {
    this.state = 'draining';
    const { hub, leave } = this.assembled;
    const server = { close: (done: () => void) => done(), closeAllConnections: () => undefined };
    await drain({
      app: { leave: () => undefined, close: (ms) => this.#calls.drain(this.clock, ms) },
      ...{ server: server as unknown as Server, hub, config: this.#ground.config, clock: this.clock },
      stopTurns: async () => this.#stopKeeping(),
    });
    await leave();
    this.kill(false);
  }

  /** The network between it and everybody but the database. */
  setReached(isReached: boolean): void {
    this.isReached = isReached;
    if (!isReached) for (const wire of this.#wires) wire.isSilent = true;
  }
}
