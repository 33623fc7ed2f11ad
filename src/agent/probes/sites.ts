import { randomBytes } from 'node:crypto';
import { basename, dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '../../protocol/limits.ts';
import { defineProperty, deleteProperty, max, min, monotonicMs, type startTimer, stopTimer } from '../intrinsics.ts';
import { later, soon } from '../later.ts';
import { type Located, type Location, locate } from '../source/locate.ts';
import { type Script, Scripts } from '../source/scripts.ts';
import { type Condition, conditionFor, type Thunk } from '../values/condition.ts';
import { Allowance, type Cost } from './budget.ts';
import { unknownName } from './names-in-scope.ts';
import { DebuggerSession, type ScriptParsed } from './session.ts';
import { warmUp } from './warm-up.ts';
import type { Watch } from './watch.ts';

/**
 * Time V8 takes at a pass before our code runs: it compiles the condition each time. 35–110 µs were measured, by machine and number of
 * names. On a hot line the time between two passes shows a better bound.
 */
const assumedV8Ms = 0.1;

/** Places come back together, at most this often. */
const minReturnMs = 50;

/** A place with a breakpoint; several actions can share it. */
export interface Site extends Location {
  index: number;
  watches: Watch[];
  /** Counts passes: which action is looked at first. */
  turn: number;
  condition: Condition;
  /** Undefined while the breakpoint is taken away. */
  breakpoint: string | undefined;
  v8Ms: number;
  allowance: Allowance;
}

/** One pass through a site. */
export interface Pass {
  site: Site;
  /** The site's own changes when an action ends in the middle of the pass. */
  condition: Condition;
  always: readonly Thunk[];
  onHit: () => readonly Thunk[];
  /** When our code took over, by `monotonicMs`. */
  startMs: number;
  /** Time V8 took before that, estimated. */
  v8Ms: number;
}

/** What the sites tell their owner. All of it is called on the program's thread, `passed` in the middle of the program. */
export interface SiteEvents {
  passed(pass: Pass): void;
  /** The breakpoint of these is away until their time has filled up again. */
  overBudget(watches: readonly Watch[]): void;
  loaded(script: Script): void;
  /** Whether an action waits for its file to be loaded. */
  isWaiting(): boolean;
}

/** The agent's own scripts are not the program's; only when it is bundled into the program do they share a folder. */
const ownFile = fileURLToPath(import.meta.url);
const isAlone = basename(dirname(ownFile)) === 'sidelight-agent' || /^sites\.[jt]s$/.test(basename(ownFile));
const ownFolder = isAlone ? dirname(ownFile) + sep : undefined;

/** The breakpoints of the process, and the debugger as long as there is one. */
export class Sites {
  readonly #events: SiteEvents;
  readonly #cost: Cost;
  readonly #maxShare: number;
  /** In the global scope while the debugger is on: random, so that no program can have the name. */
  readonly #hookName = `__sidelight_${randomBytes(8).toString('hex')}`;
  readonly #sites = new Map<string, Site>();
  readonly #byIndex: (Site | undefined)[] = [];
  #session: DebuggerSession | undefined;
  scripts = new Scripts();
  /** In the middle of a pass, or of V8's news of a script. */
  #isInside = false;
  #lastPassEndMs = 0;
  #resume: ReturnType<typeof startTimer> | undefined;

  constructor(cost: Cost, maxShare: number, events: SiteEvents) {
    this.#cost = cost;
    this.#maxShare = maxShare;
    this.#events = events;
  }

  /** Finds where an action goes and puts it there; `candidates` narrows the search to scripts that have just been loaded. */
  bind(watch: Watch, candidates?: readonly Script[]): Located {
    warmUp();
    let session: DebuggerSession;
    try {
      session = this.#open();
    } catch (error) {
      // Node's permission model, for one, does not allow it.
      const message = `V8's debugger cannot be used in this process: ${String((error as Error).message)}`;
      return { code: 'unsupported', message: message.slice(0, limits.maxMessageChars) };
    }
    const located = locate(watch.where, candidates ?? this.scripts.all.values(), this.scripts, session);
    const unknown = 'found' in located ? unknownName(watch, located.found) : undefined;
    if (unknown !== undefined) return unknown;
    if ('found' in located) for (const location of located.found) if (!location.scopes.isInWith) this.#attach(watch, location);
    return located;
  }

  /** Takes an action off all its places. */
  unbind(watch: Watch): void {
    for (const [key, site] of this.#sites) {
      if (!site.watches.includes(watch)) continue;
      site.watches = site.watches.filter((one) => one !== watch);
      this.#clear(site);
      if (site.watches.length === 0) {
        this.#sites.delete(key);
        this.#byIndex[site.index] = undefined;
        this.#share();
      } else {
        this.#set(site);
      }
    }
  }

  /** Takes the breakpoint of one place, or of all, away in the middle of a pass; `unbind` or `close` follow. */
  quiet(only?: Site): void {
    for (let index = 0; index < this.#byIndex.length; index += 1) {
      const site = this.#byIndex[index];
      if (site !== undefined && (only === undefined || only === site)) this.#clear(site);
    }
  }

  /** Makes V8 as it was before. While V8 waits for us the debugger itself is turned off a moment later: else the process crashes. */
  close(): void {
    if (this.#resume !== undefined) stopTimer(this.#resume);
    this.#resume = undefined;
    for (const site of this.#sites.values()) this.#clear(site);
    this.#sites.clear();
    this.#byIndex.length = 0;
    if (this.#isInside) {
      soon(() => this.closeIfUnused());
      return;
    }
    this.#session?.close();
    this.#session = undefined;
    this.scripts = new Scripts();
    deleteProperty(globalThis, this.#hookName);
  }

  /** Closes when no action has a place and none waits for one. */
  closeIfUnused(): void {
    if (this.#sites.size === 0 && !this.#events.isWaiting()) this.close();
  }

  get session(): DebuggerSession | undefined {
    return this.#session;
  }

  /** The function that conditions call; frames above it are not the program's. */
  readonly hook = (index: number, always: readonly Thunk[], onHit: () => readonly Thunk[]): false => {
    const startMs = monotonicMs();
    const site = this.#byIndex[index];
    if (site === undefined || this.#isInside) return false;
    this.#isInside = true;
    try {
      const gapMs = startMs - this.#lastPassEndMs;
      if (gapMs < site.v8Ms) site.v8Ms = gapMs;
      this.#events.passed({ site, condition: site.condition, always, onHit, startMs, v8Ms: site.v8Ms });
      this.#pay(site, monotonicMs() - startMs + site.v8Ms);
    } catch {
      // Nothing may reach the program; `passed` has counted it.
    } finally {
      this.#isInside = false;
      this.#lastPassEndMs = monotonicMs();
    }
    return false;
  };

  #open(): DebuggerSession {
    if (this.#session !== undefined) return this.#session;
    const scripts = this.scripts;
    let isNew = false;
    const onScript = (parsed: ScriptParsed): void => {
      const script = scripts.add(parsed, ownFolder);
      if (script === undefined || !isNew) return;
      const wasInside = this.#isInside;
      this.#isInside = true;
      try {
        this.#events.loaded(script);
      } finally {
        this.#isInside = wasInside;
      }
    };
    const session = new DebuggerSession(onScript);
    defineProperty(globalThis, this.#hookName, { value: this.hook, configurable: true, enumerable: false, writable: false });
    isNew = true;
    this.#session = session;
    return session;
  }

  #attach(watch: Watch, location: Location): void {
    const { script, generated } = location;
    const key = `${script.id}:${generated.line}:${generated.column}`;
    let site = this.#sites.get(key);
    if (site === undefined) {
      const index = this.#byIndex.length;
      const condition = conditionFor(this.#hookName, index, location.scopes, []);
      site = {
        ...location,
        index,
        watches: [],
        condition,
        breakpoint: undefined,
        turn: 0,
        v8Ms: assumedV8Ms,
        allowance: new Allowance(this.#maxShare / (this.#sites.size + 1)),
      };
      this.#sites.set(key, site);
      this.#byIndex.push(site);
      this.#share();
    }
    if (site.watches.includes(watch)) return;
    site.watches = [...site.watches, watch];
    this.#clear(site);
    this.#set(site);
  }

  #set(site: Site): void {
    site.condition = conditionFor(this.#hookName, site.index, site.scopes, site.watches);
    site.breakpoint = this.#session?.setBreakpoint(site.script.id, site.generated, site.condition.text);
  }

  #clear(site: Site): void {
    if (site.breakpoint !== undefined) this.#session?.removeBreakpoint(site.breakpoint);
    site.breakpoint = undefined;
  }

  /** A place whose time is used up goes at once, in the middle of the program: a loop may be running. */
  #pay(site: Site, ms: number): void {
    this.#cost.add(ms);
    if (site.allowance.spend(ms) || site.breakpoint === undefined) return;
    this.#clear(site);
    this.#events.overBudget(site.watches);
    this.#planReturn();
  }

  #planReturn(): void {
    if (this.#resume !== undefined) return;
    let waitMs: number | undefined;
    for (let index = 0; index < this.#byIndex.length; index += 1) {
      const site = this.#byIndex[index];
      if (site === undefined || site.breakpoint !== undefined) continue;
      const { returnsInMs } = site.allowance;
      waitMs = waitMs === undefined ? returnsInMs : min(waitMs, returnsInMs);
    }
    if (waitMs !== undefined) this.#resume = later(() => this.#return(), max(minReturnMs, waitMs));
  }

  #return(): void {
    this.#resume = undefined;
    const startMs = monotonicMs();
    for (const site of this.#sites.values())
      if (site.breakpoint === undefined && site.allowance.returnsInMs === 0) this.#set(site);
    this.#cost.add(monotonicMs() - startMs);
    this.#planReturn();
  }

  #share(): void {
    for (const site of this.#sites.values()) site.allowance.share = this.#maxShare / this.#sites.size;
  }
}
