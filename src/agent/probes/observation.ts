import { url as inspectorUrl } from 'node:inspector';
import type { AgentPolicy, Locate, Located as LocatedFrame, StackFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { defaultEngines } from '../config.ts';
import { defineProperty, getOwnPropertyDescriptor, monotonicMs } from '../intrinsics.ts';
import { soon } from '../later.ts';
import type { LoadTime } from '../load-time/load-time.ts';
import { pathOf } from '../source/path-of.ts';
import type { Reader, Stop } from '../source/reader.ts';
import { createReader } from '../source/reader-client.ts';
import type { GeneratedPlace, ScriptInfo } from '../source/spot.ts';
import { push } from '../values/lists.ts';
import type { RawFrame } from '../values/stack.ts';
import { Breakpoints } from './breakpoints.ts';
import { type Cost, tripWaitMs } from './budget.ts';
import { Debugging } from './debugging.ts';
import { Finding } from './finding.ts';
import { InsertedCode } from './inserted-code.ts';
import { InstrumentedScripts, whereNow } from './instrumented-scripts.ts';
import { LoadTimeCode } from './load-time-code.ts';
import { type Places, Placing } from './placing.ts';
import type { ProbeOptions } from './probes.ts';
import type { PlacingEngine, Site } from './site.ts';
import { type SiteEvents, Sites } from './sites.ts';
import type { Failure, Watch } from './watch.ts';

/** V8 forgets the breakpoints of every client in a script that was edited. */
const debuggerVeto = 'Live edit would take the breakpoints of the debugger away that this program listens for.';

const newsVeto = 'The file is just being loaded.';

export const noHook = 'The global object takes no new properties, so V8 cannot call the agent.';

export interface ObservationEvents extends SiteEvents {
  /** A script was loaded, and runs when this returns. */
  loaded(script: ScriptInfo): void;
  /** Whether an action waits for its file or for its place. */
  isWaiting(): boolean;
  /** An action is observed in another way now. */
  changed(watch: Watch): void;
  failed(watch: Watch, message: string): void;
}

/** All that looks at the program: the debugger as long as it is needed, the engines, and the thread that reads sources. */
export class Observation {
  readonly reader: Reader;
  readonly find: Finding;
  readonly #events: ObservationEvents;
  readonly #debugging: Debugging;
  readonly #breakpoints: Breakpoints;
  readonly #inserted: InsertedCode;
  readonly #loadTime: LoadTime | undefined;
  readonly #instrumented: InstrumentedScripts;
  readonly #sites: Sites;
  readonly #placing: Placing;
  readonly #cost: Cost;

  constructor(
    cost: Cost,
    maxShare: number,
    events: ObservationEvents,
    { loadTime, denied, engines: wanted = defaultEngines }: ProbeOptions,
  ) {
    this.#cost = cost;
    this.#events = events;
    this.#loadTime = loadTime;
    this.#instrumented = new InstrumentedScripts(loadTime, () => this.#debugging);
    this.#sites = new Sites(cost, maxShare, events);
    const { enter } = this.#sites;
    this.#breakpoints = new Breakpoints(
      () => this.#debugging.session,
      enter,
      (scriptId, place) => this.#inserted.placeNow(scriptId, whereNow(place)),
    );
    this.#debugging = new Debugging(this.#breakpoints, {
      found: (scripts) => this.reader.add(scripts, true),
      loaded: (script) => {
        this.reader.add([script]);
        events.loaded(script);
      },
      isInstrumented: (script) => this.#instrumented.takes(script),
      loadedInstrumented: (script) => {
        if (!events.isWaiting() && !this.#sites.isUsing(this.#breakpoints)) return;
        const file = this.#instrumented.asFile(script.id);
        if (file === undefined) return;
        this.reader.add([file]);
        events.loaded(file);
      },
      closed: () => this.#instrumented.clear(),
      isFormer: (script) => this.#inserted.isFormer(script),
    });
    this.#inserted = new InsertedCode(
      () => this.#debugging.session,
      enter,
      (scriptId) => this.#breakpoints.renew(scriptId),
      () => this.closeIfUnused(),
    );
    const all: PlacingEngine[] = [this.#breakpoints, this.#inserted];
    if (loadTime !== undefined) all.push(new LoadTimeCode(loadTime, enter));
    const engines = new Map(all.filter(({ name }) => wanted.includes(name)).map((engine) => [engine.name, engine]));
    this.#placing = new Placing(
      this.#sites,
      {
        engines,
        predictMs: (scriptId) => this.#inserted.predictMs(scriptId),
        veto: () =>
          this.#inserted.veto ?? (this.#debugging.isInNews ? newsVeto : inspectorUrl() === undefined ? undefined : debuggerVeto),
        whyNotLoadTime: ({ script }) =>
          loadTime?.why(script.path) ?? 'Files are not instrumented at load (SIDELIGHT_INSTRUMENT).',
        instrumented: this.#instrumented,
        breakpointFrame: this.#breakpoints.frameOf(),
      },
      (watch) => events.changed(watch),
      (watch, message) => events.failed(watch, message),
    );
    this.reader = createReader(
      {
        text: (id) =>
          loadTime?.text(id) ??
          this.#instrumented.text(id) ??
          this.#inserted.originalText(id) ??
          this.#debugging.session?.source(id),
        stops: (id, from, to) =>
          loadTime?.stops(id, from, to) ?? this.#instrumented.stops(id, from, to) ?? this.#stops(id, from, to),
      },
      (ms) => cost.add(ms),
      denied,
    );
    this.find = new Finding({
      reader: this.reader,
      placing: this.#placing,
      instrumented: this.#instrumented,
      loadTime,
      open: () => this.#open(),
    });
    loadTime?.onLoaded((script) => {
      this.reader.add([script]);
      events.loaded(script);
    });
    if (loadTime !== undefined) this.reader.add(loadTime.files());
  }

  /** Where something of the program stands. */
  async search(query: Locate): Promise<LocatedFrame> {
    const located = await this.find.search(query);
    this.closeIfUnused();
    return located;
  }

  setBudget(policy: AgentPolicy, maxShare: number): void {
    this.#sites.maxShare = maxShare;
    this.#placing.setBudget(policy);
  }

  place(watch: Watch, places: Places, isMore: boolean): Failure | undefined {
    const problem = isMore ? this.#placing.extend(watch, places) : this.#placing.place(watch, places);
    return problem === undefined ? undefined : { code: 'unsupported', message: problem };
  }

  take(watch: Watch): void {
    this.#placing.take(watch);
  }

  promote(watch: Watch): void {
    this.#placing.promote(watch);
  }

  /** The breaker: away for a while. False when it has tripped too often. */
  trip(watch: Watch): boolean {
    const waitMs = tripWaitMs(watch.trips);
    if (waitMs === undefined) return false;
    watch.trippedUntilMs = monotonicMs() + waitMs;
    this.#sites.trip(watch);
    return true;
  }

  /** In the middle of a pass; `take` or `close` follow. */
  quiet(only?: Site): void {
    this.#sites.quiet(only);
  }

  /** Frames in terms of the sources as written. */
  mapped(frames: readonly RawFrame[]): Promise<StackFrame[]> {
    const loadTime = this.#loadTime;
    if (loadTime === undefined) return this.reader.map(frames);
    const original: RawFrame[] = [];
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index] as RawFrame;
      push(original, { ...frame, column: loadTime.originalColumn(pathOf(frame.url), frame.line - 1, frame.column - 1) + 1 });
    }
    return this.reader.map(original);
  }

  /** Takes every probe away at once, and the debugger as soon as V8 is as it was. */
  close(): void {
    this.#placing.clear();
    this.#inserted.restoreAll();
    if (!this.#inserted.isUsing) this.#closeDebugger();
    this.reader.close();
  }

  /**
   * Sees to it that breakpoints can call us: a program can take away, and forbid, what it has not put into its global scope. Each condition
   * would throw then, and nobody would count what that costs.
   */
  hasHook(): boolean {
    if (this.#debugging.session === undefined) return true;
    const { hookName, hook: value } = this.#breakpoints;
    return (
      getOwnPropertyDescriptor(globalThis, hookName)?.value === value ||
      defineProperty(globalThis, hookName, { value, configurable: true, enumerable: false, writable: false })
    );
  }

  /** Closes the debugger when no action has a place, waits for one, or has left something to tidy up. */
  closeIfUnused(): void {
    const isUsed = this.#sites.isUsing(this.#breakpoints) || this.#inserted.isUsing || this.find.isSearching;
    if (!isUsed && !this.#events.isWaiting()) this.#closeDebugger();
  }

  #closeDebugger(): void {
    if (this.#sites.isInside || this.#debugging.isInNews) soon(() => this.closeIfUnused());
    else this.#debugging.close();
  }

  #stops(scriptId: string, from: GeneratedPlace, to: GeneratedPlace): Stop[] {
    const inserted = this.#inserted;
    const stops = this.#debugging.stops(scriptId, from, inserted.placeNow(scriptId, to));
    return stops.flatMap((stop) => {
      const place = inserted.placeBefore(scriptId, stop);
      return place === undefined ? [] : [{ ...stop, ...place }];
    });
  }

  #open(): Failure | undefined {
    try {
      const startMs = monotonicMs();
      this.#debugging.open();
      if (!this.hasHook()) {
        this.#closeDebugger();
        return { code: 'unsupported', message: noHook, problem: { part: 'agent' } };
      }
      this.#cost.add(monotonicMs() - startMs);
      return undefined;
    } catch (error) {
      // Node's permission model, for one, does not allow it.
      const message = `V8's debugger cannot be used in this process: ${String((error as Error).message)}`;
      return { code: 'unsupported', message: message.slice(0, limits.maxMessageChars), problem: { part: 'agent' } };
    }
  }
}
