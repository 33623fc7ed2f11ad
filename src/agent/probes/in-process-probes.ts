import type { Action, AgentPolicy, Locate, Located as LocatedFrame, Remove } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { atomicLoad, epochMs, min, monotonicMs, round, type startTimer, stopTimer } from '../intrinsics.ts';
import { later, soon } from '../later.ts';
import type { Located, ScriptInfo, Spot } from '../source/spot.ts';
import { Arrivals } from './arrivals.ts';
import { Cost, defaultMaxCaptureMs, defaultMaxShare, isFarTooLong, maxStrikes } from './budget.ts';
import { endOf } from './ends.ts';
import { Hiding } from './hiding.ts';
import { type End, type Ends, Hits } from './hits.ts';
import { Observation } from './observation.ts';
import type { ProbeEvents, ProbeOptions, Probes } from './probes.ts';
import type { Pass, Token } from './site.ts';
import { Teller } from './teller.ts';
import { visitAll } from './visit-all.ts';
import { addPlace, type Failure, freeSlot, lowerHits, readAction, type Watch } from './watch.ts';
import { whyNot } from './why-not.ts';

/** An action that waits for its file is looked for again after this, in case its loading was missed. */
const searchAgainMs = 5_000;
/** How often counts are told and lives are checked. */
const reportMs = 1_000;
/** Ended actions remembered, so that one offered again after a reconnect does not start anew. */
const maxEnded = 256;

/** The probes of the process they run in, on the program's own thread. */
export class InProcessProbes implements Probes {
  readonly #hiding = new Hiding();
  readonly #teller: Teller;
  readonly #silence: Int32Array | undefined;
  readonly #cost = new Cost();
  readonly #defaultShare: number;
  readonly #observation: Observation;
  readonly #hits: Hits;
  readonly #arrivals: Arrivals;
  readonly #ends: Ends;
  readonly #watches = new Map<string, Watch>();
  readonly #ended = new Map<string, Watch>();
  #searching: Promise<void> | undefined;
  #isPaused = false;
  #suspendReason: string | undefined;
  #report: ReturnType<typeof startTimer> | undefined;

  constructor(events: ProbeEvents, options: ProbeOptions) {
    this.#teller = new Teller(events, this.#hiding);
    this.#silence = options.silence;
    this.#defaultShare = options.maxShare ?? defaultMaxShare;
    this.#observation = new Observation(
      this.#cost,
      this.#defaultShare,
      {
        passed: (pass) => this.#passed(pass),
        overBudget: (watch) => {
          watch.skipped.budget += 1;
          watch.isChanged = true;
          soon(() => this.#observation.promote(watch));
        },
        loaded: (script) => this.#arrivals.loaded(script, this.#watches),
        isWaiting: () => [...this.#watches.values()].some((watch) => watch.state === 'pending'),
        changed: (watch) => this.#teller.tell(watch),
        failed: (watch, message) => this.#end(watch, 'failed', { code: 'unsupported', message }),
      },
      options,
    );
    this.#arrivals = new Arrivals(this.#observation.find, {
      search: (watch) => this.#search(watch),
      found: (watch, located, ends, script) => this.#settle(watch, located, ends, script),
    });
    this.#ends = {
      endSoon: (watch, state, why) => this.#endSoon(watch, state, why),
      tripSoon: (watch, tookMs) => soon(() => this.#trip(watch, tookMs)),
    };
    this.#hits = new Hits(
      events,
      (frames) => this.#observation.mapped(frames),
      options.maxCaptureMs ?? defaultMaxCaptureMs,
      this.#ends,
      this.#hiding,
    );
  }

  get count(): number {
    let count = 0;
    for (const { state } of this.#watches.values()) if (state === 'armed' || state === 'pending') count += 1;
    return count;
  }

  arm(action: Action): void {
    const known = this.#watches.get(action.id) ?? this.#ended.get(action.id);
    if (known?.rev === action.rev) lowerHits(known, action);
    if (known !== undefined && known.rev >= action.rev && known.state !== 'suspended') {
      this.#teller.tell(known);
      return;
    }
    let watch: Watch | Failure;
    try {
      watch = readAction(action, freeSlot(this.#watches), this.#hiding.hidden);
    } catch {
      watch = { code: 'internal', message: 'The agent could not read the action.' };
    }
    if (known !== undefined) {
      this.#observation.take(known);
      this.#watches.delete(action.id);
      if (!('code' in watch) && known.rev === action.rev) {
        const { hits, maxHits, skipped, sums, cycle, spentMs, maxPauseMs, armMs, installedAt, trips } = known;
        Object.assign(watch, { hits, maxHits, skipped, sums, cycle, spentMs, maxPauseMs, armMs, installedAt, trips });
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
    this.#search(watch);
    this.#startReports();
  }

  remove(id: string, _reason: Remove['reason']): void {
    const watch = this.#watches.get(id) ?? this.#ended.get(id);
    if (watch === undefined) this.#teller.say({ id, rev: 0, state: 'removed', hits: 0 });
    else this.#end(watch, 'removed');
  }

  suspendAll(reason: string): void {
    this.#observation.close();
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
    this.#hiding.setRules(policy);
    this.#observation.setBudget(policy, min(limits.maxShare, policy.budget?.share ?? this.#defaultShare));
    const wasPaused = this.#isPaused;
    this.#isPaused = policy.pause;
    if (policy.pause && !wasPaused) {
      this.suspendAll('Paused by policy.');
      this.#suspendReason = undefined;
    } else if (wasPaused && !policy.pause && this.#suspendReason === undefined) {
      for (const watch of this.#watches.values()) if (watch.state === 'suspended') this.#search(watch);
      this.#startReports();
    }
  }

  async locate(query: Locate): Promise<LocatedFrame> {
    if (!this.#isPaused) return this.#hiding.located(await this.#observation.search(query));
    return { t: 'located', q: query.q, places: [], isComplete: false, code: 'not-allowed', message: 'Paused by policy.' };
  }

  overhead(): { share: number; maxPauseMicros: number } {
    return this.#cost.report();
  }

  close(): void {
    this.#stopReports();
    this.#watches.clear();
    this.#ended.clear();
    this.#observation.close();
  }

  /** Looks for the places of an action, in another thread, and puts it there; one action after the other. */
  #search(watch: Watch): void {
    watch.search += 1;
    watch.searchedMs = monotonicMs();
    watch.state = 'pending';
    const { search } = watch;
    const isWanted = () => watch.search === search && watch.state === 'pending' && this.#watches.get(watch.id) === watch;
    const before = this.#searching;
    this.#searching = (async () => {
      await before;
      try {
        if (isWanted()) await this.#find(watch, isWanted);
      } catch {
        if (isWanted()) this.#end(watch, 'failed', { code: 'internal', message: 'The agent could not look for the place.' });
      }
    })();
  }

  async #find(watch: Watch, isWanted: () => boolean): Promise<void> {
    const located = await this.#observation.find.locate(watch.where, watch);
    const to = watch.duration?.to;
    const isFound = !('code' in located) && located.found.length > 0;
    const ends = to === undefined || !isFound || !isWanted() ? undefined : await this.#observation.find.locate(to, watch);
    if (isWanted()) {
      if (this.#isSilent()) this.suspendAll('The bridge is silent.');
      else this.#settle(watch, located, ends, undefined);
    }
    this.#observation.closeIfUnused();
  }

  #settle(watch: Watch, located: Located, ends: Located | undefined, script: ScriptInfo | undefined): void {
    const startMs = monotonicMs();
    try {
      const failure = this.#bind(watch, located, ends, script !== undefined);
      if (failure !== undefined) {
        if (script === undefined || failure.code === 'ambiguous-file' || watch.state === 'pending')
          this.#end(watch, 'failed', failure);
      } else if (script === undefined && watch.state === 'pending') {
        this.#teller.tell(watch, { message: `No loaded file is \`${watch.where.file}\` yet.`.slice(0, limits.maxMessageChars) });
      }
    } catch {
      this.#end(watch, 'failed', { code: 'internal', message: 'The agent could not place the action.' });
    }
    watch.armMs += monotonicMs() - startMs;
    this.#cost.add(monotonicMs() - startMs);
  }

  #bind(watch: Watch, located: Located, ends: Located | undefined, isMore: boolean): Failure | undefined {
    if ('code' in located) return located;
    if (ends !== undefined && 'code' in ends) return { ...ends, problem: { ...ends.problem, part: 'to' } };
    const spots: readonly Spot[] = located.found;
    if (spots.length === 0) return undefined;
    const places = { spots, ends: ends?.found ?? [] };
    const failure = whyNot(watch, places) ?? this.#observation.place(watch, places, isMore);
    if (failure !== undefined) return failure;
    watch.state = 'armed';
    watch.installedAt ??= epochMs();
    for (const { place } of spots) addPlace(watch, place);
    this.#teller.tell(watch);
    return undefined;
  }

  #passed(pass: Pass): Token | undefined {
    if (this.#isSilent()) {
      this.#observation.quiet();
      soon(() => this.suspendAll('The bridge is silent.'));
      return pass.token;
    }
    if (!visitAll(pass, this.#hits, this.#ends)) this.#observation.quiet(pass.site);
    return pass.token;
  }

  /** The breaker: away for a while, longer each time, and in the end for good. */
  #trip(watch: Watch, tookMs: number): void {
    if (this.#watches.get(watch.id) !== watch || watch.state !== 'armed') return;
    const message = `Reading this line held the program for ${round(tookMs)} ms.`;
    watch.trips = isFarTooLong(tookMs) ? maxStrikes : watch.trips + 1;
    if (this.#observation.trip(watch)) this.#teller.tell(watch, { code: 'overhead', message });
    else this.#end(watch, 'failed', { code: 'overhead', message });
  }

  /** Ends an action in the middle of a pass: from now on it takes nothing, and is tidied away when the program has gone on. */
  #endSoon(watch: Watch, state: End, why: Partial<Failure> = {}): void {
    watch.state = state;
    soon(() => {
      if (this.#watches.get(watch.id) === watch) this.#end(watch, state, why);
    });
  }

  /** The last state of an action; its probes go, and the debugger with the last of them. */
  #end(watch: Watch, state: End, why: Partial<Failure> = {}): void {
    watch.state = state;
    watch.search += 1;
    this.#watches.delete(watch.id);
    if (this.#ended.size >= maxEnded) this.#ended.delete(this.#ended.keys().next().value as string);
    this.#ended.set(watch.id, watch);
    this.#observation.take(watch);
    this.#hits.after(() => this.#teller.tell(watch, why));
    this.#observation.closeIfUnused();
    if (this.#watches.size === 0) this.#stopReports();
  }

  #isSilent(): boolean {
    return this.#silence !== undefined && atomicLoad(this.#silence, 0) !== 0;
  }

  #startReports(): void {
    if (this.#report !== undefined || this.#watches.size === 0) return;
    this.#report = later(() => {
      this.#report = undefined;
      const hasHook = this.#observation.hasHook();
      for (const watch of [...this.#watches.values()]) {
        const end = endOf(watch, hasHook);
        if (end !== undefined) this.#end(watch, end.state, end.why);
        else if (watch.state === 'pending' && monotonicMs() - watch.searchedMs > searchAgainMs) this.#search(watch);
        else this.#teller.tellIfDue(watch);
      }
      this.#startReports();
    }, reportMs);
  }

  #stopReports(): void {
    if (this.#report !== undefined) this.#report = void stopTimer(this.#report);
  }
}
