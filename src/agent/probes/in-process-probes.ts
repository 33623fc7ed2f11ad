import type { Action, AgentPolicy, Remove } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { compileNameRules } from '../../protocol/names.ts';
import { atomicLoad, epochMs, monotonicMs, round, type startTimer, stopTimer } from '../intrinsics.ts';
import { later, soon } from '../later.ts';
import type { Script } from '../source/scripts.ts';
import type { HiddenName } from '../values/capture.ts';
import { captureFor, wants } from '../values/pass.ts';
import { rawStack } from '../values/stack.ts';
import { Cost, defaultMaxCaptureMs, defaultMaxShare, isFarTooLong, isStrike, maxStrikes } from './budget.ts';
import { Delivery } from './delivery.ts';
import type { ProbeEvents, ProbeOptions, Probes } from './probes.ts';
import { type Pass, Sites } from './sites.ts';
import { Teller } from './teller.ts';
import { addPlace, type Failure, readAction, type Watch } from './watch.ts';

/** How often changed counts are told and lives are checked. */
const reportMs = 1_000;
/** Ended actions remembered, so that one offered again after a reconnect does not start anew. */
const maxEnded = 256;
/** Defects of ours in a row that end an action. */
const maxFailures = 3;

/** The probes of the process they run in, on the program's own thread. */
export class InProcessProbes implements Probes {
  readonly #events: ProbeEvents;
  readonly #teller: Teller;
  readonly #silence: Int32Array | undefined;
  readonly #cost = new Cost();
  readonly #maxCaptureMs: number;
  readonly #sites: Sites;
  readonly #delivery: Delivery;
  readonly #watches = new Map<string, Watch>();
  readonly #ended = new Map<string, Watch>();
  #hidden: HiddenName = () => undefined;
  #isPaused = false;
  #suspendReason: string | undefined;
  #report: ReturnType<typeof startTimer> | undefined;

  constructor(events: ProbeEvents, options: ProbeOptions) {
    this.#events = events;
    this.#teller = new Teller(events);
    this.#silence = options.silence;
    this.#maxCaptureMs = options.maxCaptureMs ?? defaultMaxCaptureMs;
    this.#delivery = new Delivery(events);
    this.#sites = new Sites(this.#cost, options.maxShare ?? defaultMaxShare, {
      passed: (pass) => this.#passed(pass),
      overBudget: (watches) => {
        for (let index = 0; index < watches.length; index += 1) {
          const watch = watches[index] as Watch;
          watch.skipped.budget += 1;
          watch.isChanged = true;
        }
      },
      loaded: (script) => this.#loaded(script),
      isWaiting: () => [...this.#watches.values()].some((watch) => watch.state === 'pending'),
    });
  }

  get count(): number {
    let count = 0;
    for (const { state } of this.#watches.values()) if (state === 'armed' || state === 'pending') count += 1;
    return count;
  }

  arm(action: Action): void {
    const known = this.#watches.get(action.id) ?? this.#ended.get(action.id);
    if (known !== undefined && known.rev >= action.rev && known.state !== 'suspended') {
      this.#teller.tell(known);
      return;
    }
    let watch: Watch | Failure;
    try {
      watch = readAction(action, this.#hidden);
    } catch {
      watch = { code: 'internal', message: 'The agent could not read the action.' };
    }
    if (known !== undefined) {
      this.#sites.unbind(known);
      this.#watches.delete(action.id);
      if (!('code' in watch) && known.rev === action.rev) {
        watch.hits = known.hits;
        watch.skipped = known.skipped;
      }
    }
    if (!('code' in watch) && this.#watches.size >= limits.maxActionsPerAgent) {
      watch = { code: 'too-many', message: `At most ${limits.maxActionsPerAgent} actions live in one process.` };
    }
    if ('code' in watch) {
      this.#teller.say({ id: action.id, rev: action.rev, state: 'failed', hits: 0, ...watch });
      return;
    }
    this.#ended.delete(watch.id);
    this.#watches.set(watch.id, watch);
    if (this.#isPaused) {
      watch.state = 'suspended';
      this.#teller.tell(watch, { message: 'Paused by policy.' });
      return;
    }
    this.#bind(watch);
    this.#startReports();
  }

  remove(id: string, _reason: Remove['reason']): void {
    const watch = this.#watches.get(id) ?? this.#ended.get(id);
    if (watch === undefined) {
      this.#teller.say({ id, rev: 0, state: 'removed', hits: 0 });
      return;
    }
    this.#end(watch, 'removed');
  }

  suspendAll(reason: string): void {
    this.#sites.close();
    this.#suspendReason = reason;
    for (const watch of this.#watches.values()) {
      // One that has just ended in the middle of a pass tells so itself.
      if (watch.state !== 'armed' && watch.state !== 'pending') continue;
      watch.state = 'suspended';
      this.#teller.tell(watch, { message: reason.slice(0, limits.maxMessageChars) });
    }
    this.#stopReports();
  }

  setPolicy(policy: AgentPolicy): void {
    this.#hidden = compileNameRules(policy.names);
    const wasPaused = this.#isPaused;
    this.#isPaused = policy.pause;
    if (policy.pause && !wasPaused) {
      this.suspendAll('Paused by policy.');
      this.#suspendReason = undefined;
    } else if (wasPaused && !policy.pause && this.#suspendReason === undefined) {
      for (const watch of this.#watches.values()) if (watch.state === 'suspended') this.#bind(watch);
      this.#startReports();
    }
  }

  overhead(): { share: number; maxPauseMicros: number } {
    return this.#cost.report();
  }

  close(): void {
    this.#stopReports();
    this.#watches.clear();
    this.#ended.clear();
    this.#sites.close();
  }

  /** Puts an action at its places, or leaves it waiting for its file. */
  #bind(watch: Watch, script?: Script): void {
    const startMs = monotonicMs();
    try {
      const located = this.#sites.bind(watch, script === undefined ? undefined : [script]);
      if ('code' in located) {
        if (script === undefined || located.code === 'ambiguous-file' || watch.state === 'pending')
          this.#end(watch, 'failed', located);
      } else if (located.found.some(({ scopes }) => scopes.isInWith)) {
        this.#end(watch, 'failed', {
          code: 'unsupported',
          message: 'The line is inside `with`, where reading a name can run code.',
        });
      } else if (located.found.length > 0) {
        watch.state = 'armed';
        for (const { place } of located.found) addPlace(watch, place);
        this.#teller.tell(watch);
      } else if (script === undefined) {
        watch.state = 'pending';
        this.#teller.tell(watch, { message: `No loaded file is \`${watch.where.file}\` yet.`.slice(0, limits.maxMessageChars) });
      }
    } catch {
      this.#end(watch, 'failed', { code: 'internal', message: 'The agent could not place the action.' });
    }
    this.#cost.add(monotonicMs() - startMs);
  }

  #loaded(script: Script): void {
    for (const watch of this.#watches.values()) {
      if (watch.state === 'pending' || (watch.state === 'armed' && watch.at.some(({ file }) => file === script.path)))
        this.#bind(watch, script);
    }
  }

  /** One pass of the program through a place with probes. The program waits, and may have changed the language. */
  #passed(pass: Pass): void {
    if (this.#silence !== undefined && atomicLoad(this.#silence, 0) !== 0) {
      this.#sites.quiet();
      soon(() => this.suspendAll('The bridge is silent.'));
      return;
    }
    const { watches } = pass.site;
    let isWanted = false;
    // Each pass starts with another action, so that a slow one does not keep the others waiting for ever.
    pass.site.turn += 1;
    for (let index = 0; index < watches.length; index += 1) {
      const watch = watches[(pass.site.turn + index) % watches.length] as Watch;
      try {
        // The pause is one for all actions of the place: those it has no time for look at a later pass.
        if (index > 0 && isStrike(monotonicMs() - pass.startMs)) skip(watch);
        else this.#visit(watch, pass);
        watch.failures = 0;
      } catch {
        watch.failures += 1;
        if (watch.failures >= maxFailures)
          this.#endSoon(watch, 'failed', { code: 'internal', message: 'The agent failed at this line.' });
      }
      if (watch.state === 'armed') isWanted = true;
    }
    if (!isWanted) this.#sites.quiet(pass.site);
  }

  #visit(watch: Watch, { site, condition, always, onHit, startMs, v8Ms }: Pass): void {
    if (watch.state !== 'armed') return;
    if (monotonicMs() >= watch.expiresAtMs) {
      this.#endSoon(watch, 'expired');
      return;
    }
    const wanted = wants(watch, { positions: condition.always, thunks: always, early: condition.early }, this.#hidden);
    if (wanted !== true) {
      watch.isChanged = true;
      if (wanted === false) watch.skipped.condition += 1;
      else {
        watch.skipped.error += 1;
        watch.lastError = wanted.error;
      }
      return;
    }
    if (!this.#events.mayQueue()) {
      watch.skipped.queue += 1;
      watch.isChanged = true;
      return;
    }
    const ts = epochMs();
    const names = { positions: condition.onHit, thunks: onHit(), early: condition.early };
    const captured = captureFor(watch, site.scopes, names, this.#hidden, this.#maxCaptureMs);
    const raw = rawStack(this.#sites.hook);
    const pausedMs = monotonicMs() - startMs + v8Ms;
    watch.hits += 1;
    watch.isChanged = true;
    const { id, rev, hits } = watch;
    const capture = { at: site.place, ...captured, pauseMicros: round(pausedMs * 1_000) };
    this.#delivery.send({ id, rev, hit: hits, ts, capture }, raw, this.#sites);
    if (hits >= watch.maxHits) {
      this.#endSoon(watch, 'removed', { message: 'All its hits were taken.' });
    } else if (isStrike(pausedMs)) {
      watch.strikes += isFarTooLong(pausedMs) ? maxStrikes : 1;
      if (watch.strikes >= maxStrikes) {
        this.#endSoon(watch, 'failed', {
          code: 'overhead',
          message: `Reading this line held the program for ${round(pausedMs)} ms.`,
        });
      }
    }
  }

  /** Ends an action in the middle of a pass: from now on it takes nothing, and is tidied away when the program has gone on. */
  #endSoon(watch: Watch, state: 'removed' | 'expired' | 'failed', why: Partial<Failure> = {}): void {
    watch.state = state;
    soon(() => {
      if (this.#watches.get(watch.id) === watch) this.#end(watch, state, why);
    });
  }

  /** The last state of an action; its probes go, and the debugger with the last of them. */
  #end(watch: Watch, state: 'removed' | 'expired' | 'failed', why: Partial<Failure> = {}): void {
    watch.state = state;
    this.#watches.delete(watch.id);
    if (this.#ended.size >= maxEnded) this.#ended.delete(this.#ended.keys().next().value as string);
    this.#ended.set(watch.id, watch);
    this.#sites.unbind(watch);
    this.#delivery.after(() => this.#teller.tell(watch, why));
    this.#sites.closeIfUnused();
    if (this.#watches.size === 0) this.#stopReports();
  }

  #startReports(): void {
    if (this.#report !== undefined || this.#watches.size === 0) return;
    this.#report = later(() => {
      this.#report = undefined;
      for (const watch of [...this.#watches.values()]) {
        if (monotonicMs() >= watch.expiresAtMs) this.#end(watch, 'expired');
        else if (watch.isChanged) this.#teller.tell(watch);
      }
      this.#startReports();
    }, reportMs);
  }

  #stopReports(): void {
    if (this.#report !== undefined) stopTimer(this.#report);
    this.#report = undefined;
  }
}

function skip(watch: Watch): void {
  if (watch.state !== 'armed') return;
  watch.skipped.budget += 1;
  watch.isChanged = true;
}
