import { KeptMap, mapSet, max, min, monotonicMs } from '../intrinsics.ts';
import { later } from '../later.ts';
import type { Located, ScriptInfo } from '../source/spot.ts';
import { Allowance, Savings } from './budget.ts';
import type { Finding } from './finding.ts';
import type { Watch } from './watch.ts';

/** How much of one core may go into looking for actions in what is loaded; at first, or after a rest, what 5 s of it save. */
const loadShare = 0.05;
/** Between two looks for those that had to wait. */
const minWaitMs = 100;
/** One look is cheap enough to be taken after this, whatever was spent. */
const maxWaitMs = 2_000;

export interface ArrivalEvents {
  /** Looks for an action in everything that was loaded. */
  search(watch: Watch): void;
  /** What was found in a script that has just been loaded. */
  found(watch: Watch, located: Located, ends: Located | undefined, script: ScriptInfo): void;
}

/**
 * Scripts that are loaded while an action waits for them, or was placed in an earlier copy of them: the program waits while we look. One
 * that loads files again and again, or compiles templates, would wait all the time: beyond the allowance only the newest script of each
 * action is looked at, later.
 */
export class Arrivals {
  readonly #finding: Pick<Finding, 'locateLoaded' | 'isBusy'>;
  readonly #events: ArrivalEvents;
  readonly #allowance = new Allowance(loadShare, new Savings(loadShare));
  #late = new KeptMap<Watch, ScriptInfo>();
  #isWaiting = false;

  constructor(finding: Pick<Finding, 'locateLoaded' | 'isBusy'>, events: ArrivalEvents) {
    this.#finding = finding;
    this.#events = events;
  }

  /** A script is about to run. */
  loaded(script: ScriptInfo, watches: ReadonlyMap<string, Watch>): void {
    for (const watch of watches.values()) {
      const isAgain = watch.state === 'armed' && watch.at.some(({ file }) => file === script.path);
      if (watch.state === 'pending' || isAgain) this.#look(watch, script, false);
    }
  }

  #look(watch: Watch, script: ScriptInfo, isLate: boolean): void {
    if (watch.state !== 'pending' && watch.state !== 'armed') return;
    if (this.#isWaiting || this.#finding.isBusy) {
      mapSet(this.#late, watch, script);
      this.#wait();
      return;
    }
    const startMs = monotonicMs();
    // Of what it waits for, another script may have been left out.
    if (isLate && watch.state === 'pending') this.#events.search(watch);
    else this.#locate(watch, script);
    if (!this.#allowance.spend(monotonicMs() - startMs)) this.#wait();
  }

  #locate(watch: Watch, script: ScriptInfo): void {
    const to = watch.duration?.to;
    this.#finding.locateLoaded(watch.where, script, watch, (located) => {
      if (watch.state !== 'pending' && watch.state !== 'armed') return;
      if (to === undefined) this.#events.found(watch, located, undefined, script);
      else this.#finding.locateLoaded(to, script, watch, (ends) => this.#events.found(watch, located, ends, script));
    });
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    later(
      () => {
        this.#isWaiting = false;
        const late = this.#late;
        this.#late = new KeptMap();
        for (const [watch, script] of late) this.#look(watch, script, true);
      },
      max(minWaitMs, min(maxWaitMs, this.#allowance.returnsInMs)),
    );
  }
}
