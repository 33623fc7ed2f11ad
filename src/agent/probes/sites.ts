import { max, min, monotonicMs, type startTimer, stopTimer } from '../intrinsics.ts';
import { later } from '../later.ts';
import type { GeneratedPlace, Spot } from '../source/spot.ts';
import { Allowance, type Cost, newQuickMs, Savings } from './budget.ts';
import { type Attachment, isCounted, type Pass, type PlacingEngine, type Role, type Site, type Token } from './site.ts';
import type { Watch } from './watch.ts';

/** Places come back together, at most this often. */
const minReturnMs = 50;

/** What the sites tell their owner, in the middle of the program. */
export interface SiteEvents {
  passed(pass: Pass): Token | undefined;
  /** The probe is away until its time has filled up again. */
  overBudget(watch: Watch): void;
}

/** Where an action is attached. */
export interface AttachPlace {
  role: Role;
  spot: Spot;
  at: GeneratedPlace;
}

/** The places with probes, and how much of the program's time each may take. */
export class Sites {
  readonly #events: SiteEvents;
  readonly #cost: Cost;
  #maxShare: number;
  readonly #savings: Savings;
  readonly #sites = new Map<string, Site>();
  readonly #byIndex: (Site | undefined)[] = [];
  /** In the middle of a pass. */
  isInside = false;
  #resume: ReturnType<typeof startTimer> | undefined;
  /** When it should run. */
  #dueMs = 0;

  constructor(cost: Cost, maxShare: number, events: SiteEvents) {
    this.#cost = cost;
    this.#maxShare = maxShare;
    this.#savings = new Savings(maxShare);
    this.#events = events;
  }

  /** Whether a place is observed by this engine. */
  isUsing(engine: PlacingEngine): boolean {
    return [...this.#sites.values()].some((site) => site.engine === engine);
  }

  /** The share of one core that all of them may take. */
  set maxShare(share: number) {
    this.#maxShare = share;
    this.#savings.share = share;
    this.#share();
  }

  /** Puts an action at its places, all or none. Gives why not. Never in the middle of a pass. */
  attach(
    watch: Watch,
    places: readonly AttachPlace[],
    engine: PlacingEngine,
    /** The places of one span come and go together, or its ends would be missed. */
    shared?: Allowance,
  ): { problem: string; isTemporary: boolean } | undefined {
    for (const { role, spot, at } of places) {
      const isSpan = role === 'span';
      const key = `${engine.name} ${spot.script.id} ${engine.keyOf(spot, at, isSpan)}`;
      const attachment: Attachment = { watch, role, quickMs: newQuickMs };
      const known = this.#sites.get(key);
      if (known !== undefined) {
        known.attachments = [...known.attachments, attachment];
        engine.update(known);
        // One whose last hit is just being taken was made quiet, and is detached only after this.
        if (!known.isAway) engine.unmute(known);
        shared ??= known.allowance;
        if (isCounted(role) && !known.isAway) watch.cycle.windowOpened(monotonicMs());
        continue;
      }
      const free = this.#byIndex.indexOf(undefined);
      const index = free < 0 ? this.#byIndex.length : free;
      shared ??= new Allowance(this.#maxShare / (this.#sites.size + 1), this.#savings);
      const site: Site = {
        ...{ index, key, spot, at, isSpan, engine },
        attachments: [attachment],
        turn: 0,
        isAway: false,
        allowance: shared,
      };
      this.#byIndex[index] = site;
      const failure = engine.install(site);
      if (failure !== undefined) {
        this.#byIndex[index] = undefined;
        engine.remove(site);
        this.detach(watch);
        return failure;
      }
      this.#sites.set(key, site);
      if (isCounted(role)) watch.cycle.windowOpened(monotonicMs());
    }
    this.#share();
    return undefined;
  }

  /** Puts an action at more places, and takes it off those in some scripts. */
  extend(
    watch: Watch,
    places: readonly AttachPlace[],
    engine: PlacingEngine,
    isGone: (scriptId: string) => boolean,
  ): { problem: string; isTemporary: boolean } | undefined {
    this.detach(watch, isGone);
    const kept = [...this.#sites.values()].filter(({ attachments }) => attachments.some((one) => one.watch === watch));
    const failure = this.attach(watch, places, engine, kept[0]?.allowance);
    if (failure !== undefined) return failure;
    for (const { isAway, attachments } of kept)
      for (const one of attachments)
        if (one.watch === watch && isCounted(one.role) && !isAway) watch.cycle.windowOpened(monotonicMs());
    return undefined;
  }

  /** Takes an action off all its places, or those in some scripts. */
  detach(watch: Watch, isGone: (scriptId: string) => boolean = () => true): void {
    watch.cycle.stop(monotonicMs());
    for (const [key, site] of this.#sites) {
      if (!isGone(site.spot.script.id) || !site.attachments.some((one) => one.watch === watch)) continue;
      site.attachments = site.attachments.filter((one) => one.watch !== watch);
      if (site.attachments.length === 0) {
        this.#sites.delete(key);
        this.#byIndex[site.index] = undefined;
        site.engine.remove(site);
        this.#save(site.allowance);
        this.#share();
      } else {
        site.engine.update(site);
      }
    }
  }

  /** Takes one place, or all, away in the middle of a pass; `detach` or `clear` follow. */
  quiet(only?: Site): void {
    for (let index = 0; index < this.#byIndex.length; index += 1) {
      const site = this.#byIndex[index];
      if (site !== undefined && (only === undefined || only === site)) site.engine.mute(site);
    }
  }

  /** Takes a probe away until its `trippedUntilMs`; others at its places stay. */
  trip(watch: Watch): void {
    for (let index = 0; index < this.#byIndex.length; index += 1) {
      const site = this.#byIndex[index];
      if (site !== undefined && !site.isAway && tripMs(site) > 0 && hasWatch(site, watch)) this.#leave(site);
    }
    this.#planReturn();
  }

  clear(): void {
    if (this.#resume !== undefined) stopTimer(this.#resume);
    this.#resume = undefined;
    for (const site of this.#sites.values()) {
      for (const { watch } of site.attachments) watch.cycle.stop(monotonicMs());
      site.engine.mute(site);
      site.engine.remove(site);
      this.#save(site.allowance);
    }
    this.#sites.clear();
    this.#byIndex.length = 0;
  }

  /** What engines call at each pass. Never throws. */
  readonly enter = (pass: Pass): Token | undefined => {
    const { site } = pass;
    if (this.isInside || site.isAway) return pass.token;
    this.isInside = true;
    let token = pass.token;
    try {
      token = this.#events.passed(pass);
      const endMs = pass.endMs > 0 ? pass.endMs : monotonicMs();
      this.#pay(site, endMs - pass.startMs + pass.runtimeMs, endMs);
    } catch {
      // Nothing may reach the program; `passed` has counted it.
    }
    this.isInside = false;
    return token;
  };

  /** A place whose time is used up goes at once, in the middle of the program: a loop may be running. */
  #pay(site: Site, ms: number, nowMs: number): void {
    this.#cost.add(ms);
    if (site.allowance.spend(ms, nowMs) || site.isAway) return;
    for (let index = 0; index < this.#byIndex.length; index += 1) {
      const other = this.#byIndex[index];
      if (other === undefined || other.isAway || other.allowance !== site.allowance) continue;
      this.#leave(other);
      for (let at = 0; at < other.attachments.length; at += 1) {
        const { watch, role } = other.attachments[at] as Attachment;
        if (isCounted(role)) this.#events.overBudget(watch);
      }
    }
    this.#planReturn();
  }

  #leave(site: Site): void {
    site.engine.mute(site);
    site.isAway = true;
    const now = monotonicMs();
    for (let at = 0; at < site.attachments.length; at += 1) {
      const { watch, role } = site.attachments[at] as Attachment;
      if (isCounted(role)) watch.cycle.windowClosed(now);
      watch.spans?.clear();
    }
  }

  #planReturn(): void {
    if (this.#resume !== undefined) return;
    let waitMs: number | undefined;
    for (let index = 0; index < this.#byIndex.length; index += 1) {
      const site = this.#byIndex[index];
      if (site?.isAway !== true) continue;
      const returnsInMs = max(site.allowance.returnsInMs, tripMs(site));
      waitMs = waitMs === undefined ? returnsInMs : min(waitMs, returnsInMs);
    }
    if (waitMs === undefined) return;
    waitMs = max(minReturnMs, waitMs);
    this.#dueMs = monotonicMs() + waitMs;
    this.#resume = later(() => this.#return(), waitMs);
  }

  #return(): void {
    this.#resume = undefined;
    const startMs = monotonicMs();
    for (const site of this.#sites.values()) {
      if (!site.isAway || site.allowance.returnsInMs > 0 || tripMs(site) > 0) continue;
      site.isAway = false;
      site.engine.unmute(site);
      for (const { watch, role } of site.attachments) if (isCounted(role)) watch.cycle.windowOpened(monotonicMs(), this.#dueMs);
    }
    this.#cost.add(monotonicMs() - startMs);
    this.#planReturn();
  }

  /** Places can share one: the last of them gives back what is left. */
  #save(allowance: Allowance): void {
    for (const site of this.#sites.values()) if (site.allowance === allowance) return;
    this.#savings.give(allowance.leftMs);
  }

  #share(): void {
    const count = new Set([...this.#sites.values()].map(({ allowance }) => allowance)).size;
    for (const site of this.#sites.values()) site.allowance.share = this.#maxShare / count;
  }
}

/** Milliseconds until one of the site's actions may be there again; 0 when one is. */
function tripMs({ attachments }: Site): number {
  const now = monotonicMs();
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < attachments.length; at += 1)
    least = min(least, (attachments[at] as Attachment).watch.trippedUntilMs - now);
  return max(0, least);
}

function hasWatch({ attachments }: Site, watch: Watch): boolean {
  for (let at = 0; at < attachments.length; at += 1) if ((attachments[at] as Attachment).watch === watch) return true;
  return false;
}
