import { clearInterval, setInterval } from 'node:timers';
import type { Action, AgentPolicy, Engine, Locate, Located, Remove, StateFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { LoadTime } from '../load-time/load-time.ts';
import type { AgentLog } from '../log.ts';
import type { Probes } from '../probes/probes.ts';
import type { Denied } from '../source/denied.ts';
import type { ToMain, ToWorker } from './link-messages.ts';
import { finalStates } from './queue.ts';

/** How often the cost of probes is told to the worker while there are any. */
const loadEveryMs = 1_000;

/** What the host needs of the thread that talks to the bridge. */
export interface HostContext {
  engines: readonly Engine[];
  loadTime: LoadTime | undefined;
  denied: Denied;
  /** 1 at index 0 while no probe may do anything. */
  silence: Int32Array;
  send(message: ToWorker): void;
  /** False while the queue to the bridge is full. */
  mayQueue(): boolean;
  log: AgentLog;
}

/**
 * Keeps the probes of this process at what the bridge wants. `probes.ts` and with it `node:inspector` are loaded for the
 * first action, so that an agent nobody asks anything costs nothing.
 */
export class ProbeHost {
  readonly #context: HostContext;
  #probes: Probes | undefined;
  #policy: AgentPolicy | undefined;
  /** Messages in order, while `probes.ts` loads. */
  #waiting: ToMain[] | undefined;
  /** Ids of what the bridge wants and what has not ended here. */
  readonly #wanted = new Set<string>();
  #loadTimer: NodeJS.Timeout | undefined;

  constructor(context: HostContext) {
    this.#context = context;
  }

  /** Does what the bridge said, in the order it was said. Never throws. */
  handle(message: ToMain): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push(message);
    } else if (this.#probes === undefined && needsProbes(message)) {
      this.#waiting = [message];
      void this.#loadProbes();
    } else {
      this.#guard(() => this.#obey(message));
    }
  }

  /** Takes everything away. */
  close(): void {
    clearInterval(this.#loadTimer);
    this.#guard(() => this.#probes?.close());
    this.#wanted.clear();
  }

  async #loadProbes(): Promise<void> {
    try {
      const { createProbes } = await import('../probes/probes.ts');
      const { silence, mayQueue, send, engines, loadTime, denied } = this.#context;
      this.#probes = createProbes(
        { state: (state) => this.#state(state), hit: (body) => send({ t: 'hit', body }), mayQueue },
        { silence, engines, loadTime, denied },
      );
    } catch (error) {
      this.#context.log.warn(`probes cannot be loaded: ${String(error)}`);
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (this.#probes !== undefined && this.#policy !== undefined) this.#probes.setPolicy(this.#policy);
    for (const message of waiting) this.#guard(() => this.#obey(message));
  }

  #obey(message: ToMain): void {
    switch (message.kind) {
      case 'welcome':
        this.#setPolicy(message.policy);
        this.#converge(message.actions);
        return;
      case 'arm':
        this.#arm(message.action);
        return;
      case 'remove':
        this.#remove(message.id, message.reason);
        return;
      case 'policy':
        this.#setPolicy(message.policy);
        return;
      case 'locate':
        void this.#locate(message.query);
        return;
      case 'suspend':
        this.#context.log.debug(`probes suspended: ${message.reason}`);
        this.#probes?.suspendAll(message.reason);
    }
  }

  #setPolicy(policy: AgentPolicy): void {
    this.#policy = policy;
    this.#probes?.setPolicy(policy);
  }

  /** The welcome holds all that is wanted: what is absent goes, what is missing comes, what is there stays as it is. */
  #converge(actions: Action[]): void {
    const wanted = new Set(actions.map((action) => action.id));
    for (const id of [...this.#wanted]) if (!wanted.has(id)) this.#remove(id, 'cancelled');
    for (const action of actions) this.#arm(action);
  }

  /** The probes know what they have already, and what ended, and then only answer. */
  #arm(action: Action): void {
    if (this.#probes === undefined) {
      this.#fail(action, 'The probes of this agent could not be loaded.');
      return;
    }
    this.#wanted.add(action.id);
    try {
      this.#probes.arm(action);
    } catch (error) {
      this.#fail(action, `The agent failed: ${String(error)}`);
    }
    this.#watchLoad();
  }

  async #locate(query: Locate): Promise<void> {
    const nothing: Located = { t: 'located', q: query.q, places: [], isComplete: false, code: 'internal' };
    let answer: Located = { ...nothing, message: 'The probes of this agent could not be loaded.' };
    try {
      if (this.#probes !== undefined) answer = await this.#probes.locate(query);
    } catch (error) {
      answer = { ...nothing, message: `The agent failed: ${String(error)}`.slice(0, limits.maxMessageChars) };
    }
    this.#guard(() => this.#context.send({ t: 'located', answer }));
  }

  #remove(id: string, reason: Remove['reason']): void {
    if (this.#probes === undefined) this.#state({ id, rev: 0, state: 'removed', hits: 0 });
    else this.#probes.remove(id, reason);
  }

  #fail({ id, rev }: Action, message: string): void {
    this.#state({ id, rev, state: 'failed', hits: 0, code: 'internal', message: message.slice(0, limits.maxMessageChars) });
  }

  #state(state: Omit<StateFrame, 't' | 'n'>): void {
    if (finalStates.has(state.state)) this.#wanted.delete(state.id);
    this.#context.send({ t: 'state', body: state });
  }

  /** Tells the worker what probes cost while there are any, and once more after the last. */
  #watchLoad(): void {
    if (this.#loadTimer !== undefined) return;
    this.#loadTimer = setInterval(() => {
      this.#guard(() => {
        const actions = this.#probes?.count ?? 0;
        if (this.#probes !== undefined) this.#context.send({ t: 'load', actions, ...this.#probes.overhead() });
        if (actions > 0) return;
        clearInterval(this.#loadTimer);
        this.#loadTimer = undefined;
      });
    }, loadEveryMs);
    this.#loadTimer.unref();
  }

  /** Nothing of ours may reach the program. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#context.log.debug(`probes failed: ${String(error)}`);
    }
  }
}

function needsProbes(message: ToMain): boolean {
  return message.kind === 'arm' || message.kind === 'locate' || (message.kind === 'welcome' && message.actions.length > 0);
}
