import type { AgentPolicy, Engine } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { min } from '../intrinsics.ts';
import { AsyncSpans } from '../kinds/async-spans.ts';
import { later } from '../later.ts';
import type { Spot } from '../source/spot.ts';
import { type Choice, chooseEngine, type EngineFacts, whyNotAtLoad } from './choose-engine.ts';
import type { InstrumentedScripts } from './instrumented-scripts.ts';
import { openSpans } from './open-spans.ts';
import type { Frame, PlacingEngine } from './site.ts';
import type { AttachPlace, Sites } from './sites.ts';
import type { Watch } from './watch.ts';

/** A snapshot that had no hit for so long is worth being inserted: its function runs without the optimising compiler. */
const promoteAfterMs = 1_000;
/** When an engine was blocked for now, it is tried again after this, doubled each time. */
const retryMs = 2_000;
const maxRetries = 4;
/** A file that is loaded again and again is observed in its newest copies: every place costs time and memory. */
const maxCopies = 20;

/** Where an action goes: its place in each script, and for a duration between lines the other end. */
export interface Places {
  spots: readonly Spot[];
  ends: readonly Spot[];
}

/** What the process offers. */
export interface Engines {
  engines: ReadonlyMap<Engine, PlacingEngine>;
  predictMs(scriptId: string): number;
  /** Why no code may be inserted in this process. */
  veto(): string | undefined;
  instrumented: InstrumentedScripts;
  whyNotLoadTime(spot: Spot): string;
  breakpointFrame: Frame;
}

/** Chooses how each action is observed, and changes it when the line turns out to be hot or to stay cold. */
export class Placing {
  readonly #sites: Sites;
  readonly #offer: Engines;
  readonly #changed: (watch: Watch) => void;
  readonly #failed: (watch: Watch, problem: string) => void;
  readonly #placed = new Map<Watch, Places & { retries: number }>();
  #allowed: ReadonlySet<Engine>;
  #armMs: number = limits.defaultArmMs;

  /** `changed` hears of a watch whose engine is another one now, `failed` of one that lost its place. */
  constructor(sites: Sites, offer: Engines, changed: (watch: Watch) => void, failed: (watch: Watch, problem: string) => void) {
    this.#sites = sites;
    this.#offer = offer;
    this.#changed = changed;
    this.#failed = failed;
    this.#allowed = new Set(offer.engines.keys());
  }

  setBudget({ budget }: AgentPolicy): void {
    const wanted = budget?.engines ?? [...this.#offer.engines.keys()];
    this.#allowed = new Set(wanted.filter((name) => this.#offer.engines.has(name)));
    this.#armMs = min(limits.maxArmMs, budget?.armMs ?? limits.defaultArmMs);
  }

  /** How long arming may hold the program. */
  get armMs(): number {
    return this.#armMs;
  }

  /** Whether breakpoints have to do what calls inserted at load cannot, at these places. */
  needsBreakpoint(watch: Watch, spots: readonly Spot[]): boolean {
    return this.#allowed.has('breakpoint') && whyNotAtLoad(watch, spots, this.#atLoad) !== undefined;
  }

  get #atLoad(): Pick<EngineFacts, 'allowed' | 'canSpanAtLoad' | 'namesAtLoad'> {
    const { instrumented } = this.#offer;
    return {
      allowed: this.#allowed,
      canSpanAtLoad: (spot) => instrumented.canSpan(spot),
      namesAtLoad: (spot) => instrumented.names(spot),
    };
  }

  /** Puts an action at its places. Gives why it cannot be done. Never in the middle of a pass. */
  place(watch: Watch, found: Places): string | undefined {
    const places = newest(found);
    const problem = this.#put(watch, places, false);
    if (problem !== undefined) return problem;
    this.#placed.set(watch, { ...places, retries: 0 });
    if (watch.engine?.name === 'breakpoint') later(() => this.promote(watch), promoteAfterMs);
    return undefined;
  }

  /** Another script has the file as well. */
  extend(watch: Watch, more: Places): string | undefined {
    const before = this.#placed.get(watch);
    if (before === undefined) return this.place(watch, more);
    const known = new Set(before.spots.map(idOf));
    const isNew = (spot: Spot) => !known.has(idOf(spot));
    const added = { spots: more.spots.filter(isNew), ends: more.ends.filter(isNew) };
    if (added.spots.length === 0) return undefined;
    const all = newest({ spots: [...before.spots, ...added.spots], ends: [...before.ends, ...added.ends] });
    const { engine } = watch;
    const choice = this.#choose(watch, all, engine?.name !== 'breakpoint');
    if ('problem' in choice || choice.name !== engine?.name) return this.place(watch, all);
    const attached = attachPlaces(watch, added, engine.name);
    if ('problem' in attached) return attached.problem;
    const kept = new Set(all.spots.map(idOf));
    const failure = this.#sites.extend(
      watch,
      attached.places,
      this.#offer.engines.get(engine.name) as PlacingEngine,
      (id) => !kept.has(id),
    );
    if (failure !== undefined) return this.place(watch, all);
    this.#placed.set(watch, { ...all, retries: before.retries });
    return undefined;
  }

  take(watch: Watch): void {
    watch.spans?.close();
    watch.spans = undefined;
    this.#placed.delete(watch);
    this.#sites.detach(watch);
  }

  clear(): void {
    for (const watch of this.#placed.keys()) {
      watch.spans?.close();
      watch.spans = undefined;
    }
    this.#placed.clear();
    this.#sites.clear();
  }

  /** Looks whether an action with a breakpoint deserves inserted code by now. Never in the middle of a pass. */
  promote(watch: Watch): void {
    const placed = this.#placed.get(watch);
    if (placed === undefined || watch.state !== 'armed' || watch.engine?.name !== 'breakpoint') return;
    const choice = this.#choose(watch, placed, true);
    if ('problem' in choice || choice.name === 'breakpoint') {
      if (!('problem' in choice) && watch.engine.why !== choice.why) {
        watch.engine = choice;
        this.#changed(watch);
      }
      return;
    }
    const problem = this.#put(watch, placed, true);
    if (problem === undefined) this.#changed(watch);
    else this.#failed(watch, problem);
  }

  #choose(watch: Watch, { spots, ends }: Places, isHot: boolean): Choice | { problem: string } {
    const facts: EngineFacts = {
      predictMs: (scriptId) => this.#offer.predictMs(scriptId),
      veto: this.#offer.veto(),
      armMs: this.#armMs,
      ...this.#atLoad,
      wasInstrumented: ({ script }) => this.#offer.instrumented.fileOf(script.id) !== undefined,
      whyNotLoadTime: (spot) => this.#offer.whyNotLoadTime(spot),
      isHot,
    };
    return chooseEngine(watch, [...spots, ...ends], facts);
  }

  #put(watch: Watch, places: Places, isHot: boolean): string | undefined {
    const choice = this.#choose(watch, places, isHot);
    if ('problem' in choice) return choice.problem;
    const before = watch.engine;
    this.#sites.detach(watch);
    watch.engine = choice;
    const failure = this.#attach(watch, places, choice.name);
    if (failure === undefined) return undefined;
    if (choice.name === 'breakpoint' || !this.#allowed.has('breakpoint')) return failure.problem;
    // What cannot be inserted, or not now, is observed by a breakpoint meanwhile.
    watch.engine = { name: 'breakpoint', why: failure.problem };
    const second = this.#attach(watch, places, 'breakpoint');
    if (second !== undefined) return second.problem;
    if (failure.isTemporary) this.#retry(watch);
    else if (before?.name === 'breakpoint') this.#placed.delete(watch);
    return undefined;
  }

  #retry(watch: Watch): void {
    const placed = this.#placed.get(watch);
    const retries = placed?.retries ?? 0;
    if (retries >= maxRetries) return;
    if (placed !== undefined) placed.retries += 1;
    later(() => this.promote(watch), retryMs * 2 ** retries);
  }

  #attach(watch: Watch, places: Places, name: Engine): { problem: string; isTemporary: boolean } | undefined {
    const engine = this.#offer.engines.get(name);
    if (engine === undefined) return { problem: 'This agent has no such engine.', isTemporary: false };
    watch.spans?.close();
    watch.spans = undefined;
    if (watch.kind === 'duration' && name === 'breakpoint') {
      const spans = openSpans(places.spots, this.#offer.breakpointFrame);
      if ('problem' in spans) return { ...spans, isTemporary: false };
      watch.spans = spans;
      if (spans instanceof AsyncSpans && spans.hasHooks && watch.engine !== undefined)
        watch.engine = { ...watch.engine, why: `${watch.engine.why} Promise hooks are on meanwhile, which slow promises down.` };
    }
    const attached = attachPlaces(watch, places, name);
    return 'problem' in attached ? { ...attached, isTemporary: false } : this.#sites.attach(watch, attached.places, engine);
  }
}

const idOf = ({ script }: Spot): string => script.id;

/** Without the copies of a file that were loaded long ago. */
function newest({ spots, ends }: Places): Places {
  const ids = [...new Set(spots.map(idOf))].slice(-maxCopies);
  const isKept = (spot: Spot) => ids.includes(idOf(spot));
  return { spots: spots.filter(isKept), ends: ends.filter(isKept) };
}

/** Where probes go for this action with this engine. */
function attachPlaces(watch: Watch, { spots, ends }: Places, name: Engine): { places: AttachPlace[] } | { problem: string } {
  const places: AttachPlace[] = [];
  const isFunction = watch.duration?.span === 'function';
  for (const spot of spots) {
    const { span, generated } = spot;
    if (watch.kind !== 'duration') places.push({ role: 'pass', spot, at: generated });
    else if (name !== 'breakpoint') places.push({ role: isFunction ? 'span' : 'start', spot, at: generated });
    else if (span === undefined) return { problem: 'No function with an end of its own stands around this line.' };
    else if (isFunction) {
      places.push({ role: 'begin', spot, at: span.entry });
      for (const at of span.returns) places.push({ role: 'end', spot, at });
    } else if (span.entry.line === generated.line && span.entry.column === generated.column) {
      places.push({ role: 'begin', spot, at: generated });
    } else {
      places.push({ role: 'enter', spot, at: span.entry }, { role: 'start', spot, at: generated });
    }
  }
  for (const spot of ends) places.push({ role: 'end', spot, at: spot.generated });
  return { places };
}
