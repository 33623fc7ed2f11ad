import { expect } from 'vitest';
import { checkAgentFrame } from '../../src/protocol/check-agent.ts';
import type { Action, AgentFrame, AgentPolicy, HitFrame, StateFrame, Sums } from '../../src/protocol/frames.ts';
import { type FakeBridge, type FakeBridgeOptions, type FakeConnection, framesOf, startFakeBridge } from '../agent/fake-bridge.ts';
import { until } from '../agent/until.ts';
import { file, type Implementation, lineOf, type Subject } from './agents.ts';

/** Rules that hide a name of the program; probes may take what they are allowed at most, so that few passes are sampled away. */
export const policy: AgentPolicy = {
  names: { hidden: { password: ['password'] }, harmlessEndings: [], harmlessBeginnings: [] },
  pause: false,
  budget: { share: 0.1, armMs: 1_000 },
};

let made = 0;

/** An action on the line that returns the price. */
export function newAction(change: Partial<Omit<Action, 'limits'>> & { limits?: Partial<Action['limits']> } = {}): Action {
  made += 1;
  return {
    ...{ id: `act_contract${made}`, rev: 1, kind: 'snapshot', where: { file, line: lineOf('price') }, expressions: [] },
    ...change,
    limits: { hits: 1, depth: 3, ttlMs: 60_000, ...change.limits },
  };
}

/** One agent and a fake bridge, which speaks frames only. */
export class ContractWorld {
  readonly bridge: FakeBridge;
  readonly subject: Subject;
  #connection: FakeConnection;

  private constructor(bridge: FakeBridge, subject: Subject, connection: FakeConnection) {
    this.bridge = bridge;
    this.subject = subject;
    this.#connection = connection;
  }

  static async open(
    implementation: Implementation,
    maxSilenceMs = 8_000,
    options: FakeBridgeOptions = {},
    pinned?: string,
  ): Promise<ContractWorld> {
    const bridge = await startFakeBridge({ welcome: { policy, maxSilenceMs }, ...options });
    const subject = await implementation.start(bridge.url, pinned);
    return new ContractWorld(bridge, subject, await bridge.connection(0));
  }

  get connection(): FakeConnection {
    return this.#connection;
  }

  /** Goes on with the connection of this number, from 0. */
  async reconnected(index: number): Promise<void> {
    this.#connection = await this.bridge.connection(index);
  }

  states(id: string): StateFrame[] {
    return framesOf(this.#connection, 'state').filter((frame) => frame.id === id);
  }

  hits(id: string): HitFrame[] {
    return framesOf(this.#connection, 'hit').filter((frame) => frame.id === id);
  }

  last(id: string): StateFrame | undefined {
    return this.states(id).at(-1);
  }

  /** Arms an action and gives the first answer. */
  async arm(action: Action): Promise<StateFrame> {
    const before = this.states(action.id).length;
    this.#connection.send({ t: 'arm', action });
    return until(() => this.states(action.id)[before], `an answer to ${action.id}`);
  }

  /** Takes an action away and gives the answer. */
  async remove(id: string): Promise<StateFrame> {
    const before = this.states(id).length;
    this.#connection.send({ t: 'remove', id, reason: 'cancelled' });
    return until(() => this.states(id).slice(before).find(isFinal), `the end of ${id}`);
  }

  /** Lets the program pass until something is so; a busy probe may look at some of the passes only. */
  async passUntil<Found>(find: () => Found | undefined | false, what: string, ms = 0): Promise<Found> {
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      await this.subject.pass(1, ms);
      await until(() => true, what);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Takes away what a test left, so that the next one has the program for itself. */
  async clear(): Promise<void> {
    for (const id of new Set(of(this, 'state').map((frame) => frame.id))) {
      const last = this.last(id);
      if (last !== undefined && !isFinal(last)) await this.remove(id);
    }
    this.acknowledge();
  }

  /** Everything so far is stored, so the agent may forget it. */
  acknowledge(): void {
    this.#connection.send({ t: 'ack', n: this.lastN() });
  }

  lastN(): number {
    return Math.max(0, ...this.#connection.frames.flatMap((frame) => ('n' in frame ? [frame.n] : [])));
  }

  /** What a bridge would say to any frame that came: nothing but yes. */
  expectReadable(): void {
    for (const { frames } of this.bridge.connections)
      for (const frame of frames)
        expect(checkAgentFrame(frame), JSON.stringify(frame).slice(0, 2_000)).toEqual({ ok: true, frame });
  }

  async end(): Promise<void> {
    await this.subject.stop();
    await this.bridge.kill();
  }
}

export const isFinal = ({ state }: StateFrame): boolean => ['removed', 'expired', 'failed'].includes(state);

/** The sums of a state that must have some. */
export function sumsOf(state: StateFrame | undefined): Sums {
  if (state?.sums === undefined) throw new Error(`No sums in ${JSON.stringify(state)}`);
  return state.sums;
}

/** A count is exact, or says how it was estimated and misses by no more than some times its error. */
export function expectCount(sums: Sums, passes: number): void {
  expect(sums.count).toBeLessThanOrEqual(passes);
  if (sums.estimate === undefined) expect(sums.count).toBe(passes);
  else expect(Math.abs(sums.estimate.count - passes)).toBeLessThanOrEqual(Math.max(5, 4 * sums.estimate.error));
}

/** The frames of one kind on the connection now. */
export function of<T extends AgentFrame['t']>(world: ContractWorld, t: T): Extract<AgentFrame, { t: T }>[] {
  return framesOf(world.connection, t);
}
