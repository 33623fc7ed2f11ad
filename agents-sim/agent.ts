import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { BridgeTrust } from '../src/agent/link/bridge-trust.ts';
import { Introduction } from '../src/agent/link/introduction.ts';
import { readFrame } from '../src/agent/link/read-frame.ts';
import type { AgentFrame, BridgeFrame, Welcome } from '../src/protocol/frames.ts';
import { limits } from '../src/protocol/limits.ts';
import { locate } from './bind.ts';
import { createLine, type Line } from './faults.ts';
import { describe, dial, type SimulatedAgentOptions } from './hello.ts';
import { Outbox } from './outbox.ts';
import { Probes } from './probes.ts';
import { createRandom, freshSeed, type Random } from './random.ts';

/** `lost` comes back by itself; `refused` and `stopped` do not. */
export type SimulatedAgentState = 'idle' | 'connecting' | 'connected' | 'lost' | 'refused' | 'stopped';

/** First wait before a reconnect, doubled up to the second; far shorter than a real agent's, since tests wait for it. */
const firstRetryMs = 50;
const lastRetryMs = 2_000;

/** Time until the welcome: a path can die before it. */
const connectMs = 10_000;

/** Another connection of this agent took over: coming back would only throw that one out again. */
const replacedCode = 4001;

const finalErrors = new Set(['auth', 'version', 'revoked']);

/** An agent without a program: the real protocol, a scenario for a program, and faults from a seed. */
export class SimulatedAgent {
  readonly id: string;
  readonly seed: number;
  readonly probes: Probes;
  state: SimulatedAgentState = 'idle';
  /** Why the bridge said no, in its words; the last one. */
  refusal: string | undefined;
  readonly #options: SimulatedAgentOptions;
  readonly #random: Random;
  readonly #outbox = new Outbox();
  readonly #introduction: Introduction;
  #socket: WebSocket | undefined;
  #line: Line | undefined;
  #session: string | undefined;
  #retryMs = firstRetryMs;
  #silenceMs: number = limits.maxSilenceMs;
  #timers: Partial<Record<'beat' | 'silence' | 'passes' | 'retry', NodeJS.Timeout>> = {};
  #settled: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: SimulatedAgentOptions) {
    this.#options = options;
    this.id = options.id ?? `sim-${randomUUID()}`;
    this.seed = options.seed ?? freshSeed();
    this.#random = createRandom(this.seed);
    const { keySeed = randomBytes(32), bridgeKey } = options;
    this.#introduction = new Introduction(describe(this.id, options), keySeed, new BridgeTrust(bridgeKey));
    this.probes = new Probes(options.scenario, {
      state: (body) => this.#sendNumbered({ t: 'state', ...body }),
      hit: (body) => this.#sendNumbered({ t: 'hit', ...body }),
      mayQueue: () => !this.#outbox.full,
      lie: (action) => {
        for (const frame of options.scenario.lie?.(action, this.#random, () => this.#outbox.nextN()) ?? []) this.sendRaw(frame);
      },
    });
  }

  /** Resolves with the first welcome; rejects when the bridge refuses for good. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settled = { resolve, reject };
      this.#connect();
    });
  }

  /** Says goodbye and leaves. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#end('stopped');
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ t: 'bye', reason: 'exit' }));
      socket.close(1000);
    } else socket.terminate();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await Promise.race([closed, sleep(1_000, undefined, { ref: false })]);
    socket.terminate();
  }

  /** The process is gone: nothing is said and nothing comes back. */
  kill(): void {
    const socket = this.#socket;
    this.#end('stopped');
    socket?.terminate();
  }

  /** The connection breaks; the agent comes back by itself. */
  disconnect(): void {
    this.#socket?.terminate();
  }

  /** The program runs through its line this many times, now. */
  pass(count = 1): void {
    for (let index = 0; index < count; index += 1) this.probes.pass(this.#options.scenario.next(this.#random));
  }

  /** Sends anything: an object as JSON, text and bytes as they are. */
  sendRaw(frame: unknown): void {
    if (frame instanceof Uint8Array) this.#socket?.send(frame);
    else this.#line?.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  #connect(): void {
    const { url, key, faults, connect = dial } = this.#options;
    this.state = 'connecting';
    const socket = connect(url, key);
    this.#socket = socket;
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => socket.terminate(), connectMs);
    const line = createLine(
      faults ?? {},
      this.#random,
      (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
      () => socket.terminate(),
    );
    socket.on('open', () => {
      this.#line = line;
      this.#introduction.opened();
    });
    socket.on('message', (data) => {
      if (!line.dead && this.#socket === socket && socket.readyState === WebSocket.OPEN) this.#hear(String(data));
    });
    socket.on('unexpected-response', (_request, response) => {
      let said = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        said += part;
      });
      response.on('end', () => {
        this.refusal = `${response.statusCode} ${said.trim()}`;
        if (response.statusCode === 503) this.#lost();
        else this.#refused();
      });
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      line.close();
      if (this.#socket !== socket) return;
      if (code === replacedCode) this.kill();
      else this.#lost();
    });
  }

  #sayHello(challenge: string): void {
    const resume = this.#session === undefined ? undefined : { session: this.#session, lastN: this.#outbox.lastN };
    const hello = this.#introduction.hello(challenge, resume);
    if (hello !== undefined) this.#socket?.send(hello);
  }

  #hear(text: string): void {
    const checked = readFrame(text, this.#introduction.trust);
    const declined = checked.declined ?? [];
    if (checked.objection !== undefined) {
      this.refusal = checked.objection;
      this.sendRaw({ t: 'error', code: 'bad-signature', message: checked.objection } satisfies AgentFrame);
      this.#socket?.close(1008, 'bad-signature');
      return;
    }
    if (!checked.ok && declined.length === 0) {
      this.sendRaw({ t: 'error', code: checked.code, message: checked.message } satisfies AgentFrame);
      return;
    }
    if (this.state === 'connected') this.#restartSilence();
    if (checked.ok) this.#obey(checked.frame);
    for (const body of declined) this.#sendNumbered({ t: 'state', ...body });
  }

  #obey(frame: BridgeFrame): void {
    switch (frame.t) {
      case 'challenge':
        this.#sayHello(frame.nonce);
        return;
      case 'welcome':
        this.#welcomed(frame);
        return;
      case 'arm':
        this.probes.arm(frame.action);
        return;
      case 'remove':
        this.probes.remove(frame.id);
        return;
      case 'ack':
        this.#acknowledged(frame.n);
        return;
      case 'policy':
        this.probes.setPolicy(frame.policy);
        return;
      case 'error':
        this.refusal = `${frame.code}: ${frame.message}`;
        if (finalErrors.has(frame.code)) this.#refused();
        return;
      case 'locate':
        this.sendRaw({
          ...{ t: 'located', q: frame.q, isComplete: true },
          places: locate(frame, this.#options.scenario.files),
        } satisfies AgentFrame);
        return;
      case 'beat':
        return;
    }
  }

  #welcomed(welcome: Welcome): void {
    this.state = 'connected';
    this.#session = welcome.session;
    this.#retryMs = firstRetryMs;
    this.#silenceMs = welcome.maxSilenceMs;
    this.#restartSilence();
    for (const text of this.#outbox.resend(welcome.ackedN)) this.#line?.send(text);
    this.probes.setPolicy(welcome.policy);
    this.probes.converge(welcome.actions);
    clearInterval(this.#timers.beat);
    this.#timers.beat = setInterval(() => this.#beat(), welcome.beatMs);
    const rate = this.#options.passesPerSecond ?? 0;
    if (rate > 0) {
      clearInterval(this.#timers.passes);
      this.#timers.passes = setInterval(() => {
        if (this.probes.armed > 0) this.pass();
      }, 1_000 / rate);
    }
    this.#settled?.resolve();
    this.#settled = undefined;
  }

  #acknowledged(n: number): void {
    const done = this.#outbox.acknowledged(n);
    this.#options.acknowledged?.(done);
  }

  #restartSilence(): void {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => {
      this.probes.suspend();
      // Nobody is there, or the path died: only a new connection can tell.
      this.#socket?.terminate();
    }, this.#silenceMs);
  }

  #beat(): void {
    this.probes.tellCounts();
    this.sendRaw({
      t: 'beat',
      ts: Date.now(),
      actions: this.probes.armed,
      queue: { length: this.#outbox.length, dropped: 0 },
      overhead: { share: 0, maxPauseMicros: 0 },
    } satisfies AgentFrame);
  }

  #sendNumbered(frame: object): void {
    const text = this.#outbox.add(frame);
    if (this.state === 'connected') this.#line?.send(text);
  }

  #lost(): void {
    if (this.state !== 'connecting' && this.state !== 'connected') return;
    this.state = 'lost';
    clearInterval(this.#timers.beat);
    this.#timers.retry = setTimeout(() => this.#connect(), this.#retryMs * (0.5 + this.#random.next() / 2));
    this.#retryMs = Math.min(lastRetryMs, this.#retryMs * 2);
  }

  #refused(): void {
    this.#end('refused');
    this.#settled?.reject(new Error(this.refusal));
    this.#settled = undefined;
  }

  #end(state: 'refused' | 'stopped'): void {
    this.state = state;
    this.probes.close();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
  }
}
