import { randomBytes } from 'node:crypto';
import { max, min, monotonicMs } from '../intrinsics.ts';
import type { GeneratedPlace, Spot } from '../source/spot.ts';
import { type Condition, conditionFor, type Thunk } from '../values/condition.ts';
import { ConditionGarbage } from './condition-garbage.ts';
import { ThunksAtPass } from './names-at-pass.ts';
import type { DebuggerSession } from './session.ts';
import type { Frame, Pass, PlacingEngine, Site } from './site.ts';

/**
 * Time V8 takes at a pass before our code runs: it compiles the condition each time. 35–110 µs were measured, by machine and number of
 * names. On a hot line the time between two passes shows a better bound.
 */
const assumedV8Ms = 0.1;
const leastV8Ms = 0.02;
/** What each condition that is not yet collected adds: 10 ns, twice that among nested functions. */
const perUncollectedMs = 2e-5;

interface Breakpoint {
  site: Site;
  condition: Condition;
  /** Undefined while it is taken away. */
  id: string | undefined;
  /** Without what uncollected conditions add. */
  v8Ms: number;
}

/** Breakpoints whose conditions, made by us, hand the values over and are false: V8 never pauses. */
export class Breakpoints implements PlacingEngine {
  readonly name = 'breakpoint';
  /** In the global scope while the debugger is on: random, so that no program can have the name. */
  readonly hookName = `__sidelight_${randomBytes(8).toString('hex')}`;
  readonly #session: () => DebuggerSession | undefined;
  readonly #enter: (pass: Pass) => unknown;
  /** Where a place of the original text is in the text V8 has. */
  readonly #placeNow: (scriptId: string, place: GeneratedPlace) => GeneratedPlace;
  readonly #byIndex: (Breakpoint | undefined)[] = [];
  readonly #garbage = new ConditionGarbage();
  #lastEndMs = 0;

  /** `enter` never throws. */
  constructor(
    session: () => DebuggerSession | undefined,
    enter: (pass: Pass) => unknown,
    placeNow: (scriptId: string, place: GeneratedPlace) => GeneratedPlace,
  ) {
    this.#placeNow = placeNow;
    this.#session = session;
    this.#enter = enter;
  }

  keyOf(_spot: Spot, { line, column, columnNow }: GeneratedPlace): string {
    return `${line}:${columnNow ?? column}`;
  }

  install(site: Site): { problem: string; isTemporary: boolean } | undefined {
    const condition = this.#conditionOf(site);
    const breakpoint: Breakpoint = { site, condition, id: undefined, v8Ms: assumedV8Ms };
    this.#byIndex[site.index] = breakpoint;
    this.#set(breakpoint);
    return breakpoint.id === undefined ? { problem: 'V8 takes no breakpoint there.', isTemporary: false } : undefined;
  }

  update(site: Site): void {
    const breakpoint = this.#byIndex[site.index];
    if (breakpoint === undefined) return;
    const isSet = breakpoint.id !== undefined;
    this.#clear(breakpoint);
    breakpoint.condition = this.#conditionOf(site);
    if (isSet) this.#set(breakpoint);
  }

  mute({ index }: Site): void {
    const breakpoint = this.#byIndex[index];
    if (breakpoint !== undefined) this.#clear(breakpoint);
  }

  unmute({ index }: Site): void {
    const breakpoint = this.#byIndex[index];
    if (breakpoint !== undefined && breakpoint.id === undefined) this.#set(breakpoint);
  }

  remove(site: Site): void {
    this.mute(site);
    this.#byIndex[site.index] = undefined;
  }

  /** Below the hook stands the condition. */
  frameOf(): Frame {
    return { function: this.hook as Frame['function'], below: 1 };
  }

  /** The function that conditions call. */
  readonly hook = (index: number, always: readonly Thunk[], onHit: () => readonly Thunk[]): false => {
    const startMs = monotonicMs();
    const breakpoint = this.#byIndex[index];
    if (breakpoint === undefined) return false;
    const gapMs = startMs - this.#lastEndMs;
    const moreMs = this.#garbage.count * perUncollectedMs;
    breakpoint.v8Ms = max(leastV8Ms, min(breakpoint.v8Ms, gapMs - moreMs));
    const { site, condition } = breakpoint;
    this.#garbage.add((ms) => site.allowance.spend(ms));
    if (this.#garbage.isFull()) site.allowance.restWhile(this.#garbage.isFull);
    this.#enter({
      site,
      names: new ThunksAtPass(condition.always, condition.early, always),
      all: () => new ThunksAtPass(condition.onHit, condition.early, onHit()),
      token: undefined,
      end: undefined,
      startMs,
      runtimeMs: max(leastV8Ms, min(gapMs, breakpoint.v8Ms + moreMs)),
      endMs: 0,
      isQuick: false,
    });
    this.#lastEndMs = monotonicMs();
    return false;
  };

  /** The debugger went off. */
  ended(): void {
    this.#garbage.ended();
  }

  /** V8 forgets breakpoints of a script whose text was changed. */
  renew(scriptId: string): void {
    for (const breakpoint of this.#byIndex) {
      if (breakpoint?.id === undefined || breakpoint.site.spot.script.id !== scriptId) continue;
      this.#clear(breakpoint);
      this.#set(breakpoint);
    }
  }

  #conditionOf({ index, spot, attachments }: Site): Condition {
    const watches = attachments.map(({ watch }) => watch);
    return conditionFor(this.hookName, index, spot.scopes, watches);
  }

  #set(breakpoint: Breakpoint): void {
    const { site, condition } = breakpoint;
    const { id } = site.spot.script;
    breakpoint.id = this.#session()?.setBreakpoint(id, this.#placeNow(id, site.at), condition.text);
  }

  #clear(breakpoint: Breakpoint): void {
    if (breakpoint.id !== undefined) this.#session()?.removeBreakpoint(breakpoint.id);
    breakpoint.id = undefined;
  }
}
