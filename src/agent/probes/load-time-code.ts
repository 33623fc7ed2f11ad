import { mapGet } from '../intrinsics.ts';
import type { LoadTime, LoadTimeHandler } from '../load-time/load-time.ts';
import type { GeneratedPlace, Spot } from '../source/spot.ts';
import { EnteredPass, quickCount } from './entered-pass.ts';
import { insertionKey } from './inserted-code.ts';
import type { Frame, Pass, PlacingEngine, Site, Token } from './site.ts';

/** Calls that were inserted when the program's files were loaded: armed and disarmed without the debugger. */
export class LoadTimeCode implements PlacingEngine {
  readonly name = 'load-time';
  readonly #loadTime: LoadTime;
  readonly #enter: (pass: Pass) => Token | undefined;
  readonly #frames = new Map<Site, Frame['function']>();

  constructor(loadTime: LoadTime, enter: (pass: Pass) => Token | undefined) {
    this.#loadTime = loadTime;
    this.#enter = enter;
  }

  keyOf(spot: Spot, _at: GeneratedPlace, isSpan: boolean): string {
    return insertionKey(spot, isSpan);
  }

  install(site: Site): { problem: string; isTemporary: boolean } | undefined {
    if (this.#arm(site)) return undefined;
    return { problem: 'No call was inserted at this statement when the file was loaded.', isTemporary: false };
  }

  update(site: Site): void {
    if (!site.isAway) this.#arm(site);
  }

  mute({ spot, isSpan }: Site): void {
    if (isSpan) {
      if (spot.function !== undefined) this.#loadTime.disarmSpan(spot.script.id, spot.function.body.from);
    } else if (!('why' in spot.insertion)) this.#loadTime.disarm(spot.script.id, spot.insertion.at);
  }

  unmute(site: Site): void {
    this.#arm(site);
  }

  remove(site: Site): void {
    this.mute(site);
    this.#frames.delete(site);
  }

  frameOf(site: Site): Frame {
    return { function: mapGet(this.#frames, site) ?? (() => undefined), below: 0 };
  }

  #arm(site: Site): boolean {
    const { script, insertion, function: around } = site.spot;
    const enter = this.#enter;
    const quick = quickCount(site);
    let pass: EnteredPass | undefined;
    const handler: LoadTimeHandler =
      quick === undefined
        ? (token, values) => (pass === undefined ? token : enter(pass.begin(token, values, site.isSpan && token !== undefined)))
        : (token) => {
            quick();
            return token;
          };
    const armed = site.isSpan
      ? around && this.#loadTime.armSpan(script.id, around.body.from, handler)
      : 'why' in insertion
        ? undefined
        : this.#loadTime.arm(script.id, insertion.at, handler);
    if (armed === undefined) return false;
    pass = new EnteredPass(site, armed.names);
    this.#frames.set(site, armed.dispatcher);
    return true;
  }
}
