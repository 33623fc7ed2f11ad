import type { Rules } from '../src/agent/values/capture.ts';
import type { Action, AgentPolicy, HitFrame, Passes, StateFrame } from '../src/protocol/frames.ts';
import { limits } from '../src/protocol/limits.ts';
import { compileNameRules } from '../src/protocol/names.ts';
import { recordsHits } from '../src/protocol/records-hits.ts';
import { Secrets } from '../src/protocol/secrets.ts';
import { createProbe, estimateOf, hit, type Probe } from './probe.ts';
import type { Pass, Scenario } from './scenario.ts';

/** Where the probes send what they have to say. */
export interface ProbeEvents {
  state(body: Omit<StateFrame, 't' | 'n'>): void;
  hit(body: Omit<HitFrame, 't' | 'n'>): void;
  /** False while the queue to the bridge is full. */
  mayQueue(): boolean;
  /** Called once an action was armed, for agents that lie. */
  lie(action: Action): void;
}

/** From this age on it says something that a line was not reached. */
const firstAgeMs = 1_000;

/** Every action of one simulated agent. */
export class Probes {
  readonly #scenario: Scenario;
  readonly #events: ProbeEvents;
  readonly #probes = new Map<string, Probe>();
  readonly #ends = new Map<string, NodeJS.Timeout>();
  /** Actions that had their last hit here: offered again after a reconnect, they must not start over. */
  readonly #done = new Map<string, Probe>();
  /** Passes there had been when it was told last, and when it is told again although there was none. */
  readonly #told = new WeakMap<Probe, { all: number; againAtMs: number }>();
  #rules: Rules = { hidden: () => undefined, secrets: undefined };
  #paused = false;

  constructor(scenario: Scenario, events: ProbeEvents) {
    this.#scenario = scenario;
    this.#events = events;
  }

  /** Actions a pass could hit now. */
  get armed(): number {
    return [...this.#probes.values()].filter((probe) => probe.state === 'armed').length;
  }

  /** What every action held now has come to. */
  get states(): ReadonlyMap<string, Probe> {
    return this.#probes;
  }

  arm(action: Action): void {
    const known = this.#probes.get(action.id) ?? this.#done.get(action.id);
    if (known !== undefined && known.action.rev >= action.rev) {
      if (known.action.rev === action.rev && known.totals !== undefined)
        known.maxHits = Math.min(known.maxHits, action.limits.hits);
      if (!this.#paused) resume(known);
      this.#tell(known);
      return;
    }
    if (known === undefined && this.#probes.size >= limits.maxActionsPerAgent) {
      const full = createProbe(action, {});
      this.#tell(
        Object.assign(full, { state: 'failed', code: 'too-many', message: `At most ${limits.maxActionsPerAgent} actions.` }),
      );
      return;
    }
    const probe = createProbe(action, this.#scenario.files, this.#scenario.sampling);
    this.#drop(action.id);
    if (probe.state !== 'failed') {
      if (this.#paused) suspend(probe);
      this.#probes.set(action.id, probe);
      const timer = setTimeout(() => this.#finish(probe, 'expired'), action.limits.ttlMs);
      this.#ends.set(action.id, timer.unref());
    }
    this.#tell(probe);
    this.#events.lie(action);
  }

  remove(id: string): void {
    const probe = this.#probes.get(id);
    if (probe !== undefined) this.#finish(probe, 'removed');
    else this.#events.state({ id, rev: 0, state: 'removed', hits: 0 });
  }

  /** Arms what is missing and drops what is absent; what is there already keeps its counts. */
  converge(actions: Action[]): void {
    const wanted = new Set(actions.map((action) => action.id));
    for (const id of [...this.#probes.keys()]) if (!wanted.has(id)) this.remove(id);
    for (const action of actions) this.arm(action);
  }

  /** The bridge is silent: nothing is hit any more. */
  suspend(): void {
    for (const probe of this.#probes.values()) suspend(probe);
  }

  /** The agent is no more. */
  close(): void {
    for (const id of [...this.#probes.keys()]) this.#drop(id);
  }

  setPolicy(policy: AgentPolicy): void {
    if (this.#scenario.hides !== false) {
      const hidden = compileNameRules(policy.names);
      this.#rules = { hidden, secrets: policy.secrets && new Secrets(policy.secrets, hidden) };
    }
    if (policy.pause === this.#paused) return;
    this.#paused = policy.pause;
    for (const probe of this.#probes.values()) {
      (policy.pause ? suspend : resume)(probe);
      this.#tell(probe);
    }
  }

  /** The program comes through this line. */
  pass(pass: Pass): void {
    if (this.#paused) return;
    for (const probe of [...this.#probes.values()]) {
      if (probe.state === 'armed' && recordsHits(probe.action) && !this.#events.mayQueue()) {
        probe.skipped.queue += 1;
        continue;
      }
      const capture = hit(probe, pass, this.#rules);
      if (capture === undefined) continue;
      probe.hits += 1;
      const { id, rev, traceparent } = probe.action;
      this.#events.hit({
        id,
        rev,
        hit: probe.hits,
        ts: Date.now(),
        capture,
        ...(traceparent === undefined ? {} : { traceparent }),
      });
      // A duration goes on adding up.
      if (probe.hits < probe.maxHits || probe.totals !== undefined) continue;
      this.#finish(probe, 'removed');
      this.#done.set(id, probe);
      const [oldest] = this.#done.keys();
      if (oldest !== undefined && this.#done.size > limits.maxActionsPerAgent) this.#done.delete(oldest);
    }
  }

  /** What was counted since it was told last; that nothing was, at ages that double. For each beat. */
  tellCounts(): void {
    const nowMs = performance.now();
    for (const probe of this.#probes.values()) {
      const told = this.#told.get(probe);
      const isDue = probe.state === 'armed' && nowMs >= (told?.againAtMs ?? 0);
      if (isDue || probe.all !== told?.all) this.#tell(probe);
    }
  }

  #finish(probe: Probe, state: 'removed' | 'expired'): void {
    probe.state = state;
    this.#drop(probe.action.id);
    this.#tell(probe);
  }

  #drop(id: string): void {
    clearTimeout(this.#ends.get(id));
    this.#ends.delete(id);
    this.#probes.delete(id);
  }

  #tell(probe: Probe): void {
    const { action, state, at, hits, skipped, totals, began, lastError, code, message, problem } = probe;
    const sums = totals?.toFrame({
      ...(action.kind === 'duration' ? { began } : {}),
      estimate: estimateOf(probe, totals.toFrame().count),
    });
    const ageMs = performance.now() - probe.armedAtMs;
    this.#told.set(probe, { all: probe.all, againAtMs: probe.armedAtMs + Math.max(firstAgeMs, 2 * ageMs) });
    this.#events.state({
      id: action.id,
      rev: action.rev,
      state,
      ...(at === undefined ? {} : { at: [at] }),
      hits,
      skipped: { ...skipped },
      ...(at === undefined ? {} : { engine: { name: 'load-time' as const, why: 'The program is a simulated one.' } }),
      ...(at === undefined ? {} : { passes: passesOf(probe) }),
      ...(sums === undefined ? {} : { sums }),
      ...(lastError === undefined ? {} : { lastError }),
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
      ...(problem === undefined ? {} : { problem }),
    });
  }
}

function passesOf(probe: Probe): Passes {
  const { seen, sampling, spentMicros, maxPauseMicros, installedAt } = probe;
  const estimate = estimateOf(probe, seen);
  const armedMs = Math.round(performance.now() - probe.armedAtMs);
  return {
    seen,
    ...(estimate === undefined ? {} : { estimate }),
    armedMs,
    awayMs: Math.round(armedMs * (1 - sampling)),
    ...{ spentMicros, maxPauseMicros, armMicros: 0, installedAt, trips: 0 },
  };
}

function suspend(probe: Probe): void {
  if (probe.state === 'armed' || probe.state === 'pending') probe.state = 'suspended';
}

function resume(probe: Probe): void {
  if (probe.state === 'suspended') probe.state = probe.at === undefined ? 'pending' : 'armed';
}
