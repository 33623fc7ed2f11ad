import type { Locate, Located as LocatedFrame, Where } from '../../protocol/frames.ts';
import { max } from '../intrinsics.ts';
import type { LoadTime } from '../load-time/load-time.ts';
import type { Reader } from '../source/reader.ts';
import type { Located, ScriptInfo, Spot } from '../source/spot.ts';
import type { InstrumentedScripts } from './instrumented-scripts.ts';
import type { Placing } from './placing.ts';
import { warmUp } from './warm-up.ts';
import type { Failure, Watch } from './watch.ts';

/** Searches under way at a time; each holds its answer in memory. */
const maxSearches = 50;

/** What it asks of its owner. */
export interface FindingHost {
  readonly reader: Reader;
  readonly placing: Placing;
  readonly instrumented: InstrumentedScripts;
  readonly loadTime: LoadTime | undefined;
  /** Turns the debugger on; gives why that cannot be. */
  open(): Failure | undefined;
}

/** Looks for the places of actions: in what was instrumented when it was loaded, else in V8's scripts. */
export class Finding {
  readonly #host: FindingHost;
  #searches = 0;

  constructor(host: FindingHost) {
    this.#host = host;
  }

  /** Whether the debugger is needed. */
  get isSearching(): boolean {
    return this.#searches > 0;
  }

  /** Whether so many scripts are being looked at that no more should be for now. */
  get isBusy(): boolean {
    return this.#searches > maxSearches;
  }

  /** Finds a line; turns the debugger on unless calls that were inserted at load can do what is asked. */
  async locate(where: Where, watch: Watch): Promise<Located> {
    warmUp();
    this.#searches += 1;
    const { reader, placing, loadTime } = this.#host;
    const { withSpan, names } = neededBy(watch);
    const inScripts = (scripts?: readonly ScriptInfo[]) =>
      reader.locate(
        where,
        scripts?.map(({ id }) => id),
        withSpan,
        names,
      );
    try {
      const loaded = loadTime?.files() ?? [];
      if (loaded.length > 0) {
        reader.add(loaded);
        const located = await inScripts(loaded);
        if ('code' in located) return located;
        if (located.found.length > 0) {
          if (!placing.needsBreakpoint(watch, located.found)) return located;
          const problem = this.#host.open();
          if (problem !== undefined) return problem;
          const again = await inScripts(this.#inV8(located.found));
          return 'code' in again || again.found.length > 0 ? again : located;
        }
      }
      return this.#host.open() ?? (await inScripts());
    } finally {
      this.#searches -= 1;
    }
  }

  /** V8's scripts of files that were instrumented when they were loaded. */
  #inV8(spots: readonly Spot[]): ScriptInfo[] {
    const scripts = this.#host.instrumented.of(spots.map(({ script }) => script));
    this.#host.reader.add(scripts);
    return scripts;
  }

  /** Finds a line in a script that is about to run; `then` may be called before this returns. */
  locateLoaded(where: Where, script: ScriptInfo, watch: Watch, then: (located: Located) => void): void {
    const { reader, placing, instrumented } = this.#host;
    const isAtLoad = script.id.startsWith('load:');
    const isInstrumented = !isAtLoad && instrumented.fileOf(script.id) !== undefined;
    // A file that was instrumented comes twice, and its places are observed in one of the two ways.
    const isTaken = () => (isAtLoad ? watch.engine?.name === 'breakpoint' : isInstrumented && watch.engine?.name === 'load-time');
    const isNamed = stemOf(where.file) === stemOf(script.path);
    if ((!isNamed && script.mapUrl === '') || isTaken()) return;
    const settle = (located: Located): void => {
      const isOther =
        (isAtLoad || isInstrumented) &&
        'found' in located &&
        (isTaken() || placing.needsBreakpoint(watch, located.found) === isAtLoad);
      then(isOther ? { found: [] } : located);
    };
    const { withSpan, names } = neededBy(watch);
    // A module that an action waits for is held as long as a live edit may hold the program, mostly some milliseconds; later what it does
    // at once would go unseen.
    const now = isNamed ? reader.locateNow(where, [script.id], placing.armMs, withSpan, names) : undefined;
    if (now !== undefined) settle(now);
    else void this.#locateLater(where, script, watch, settle);
  }

  async search(query: Locate): Promise<LocatedFrame> {
    this.#searches += 1;
    try {
      const problem = this.#host.open();
      if (problem !== undefined) return { t: 'located', q: query.q, places: [], isComplete: false, ...problem };
      return { t: 'located', q: query.q, ...(await this.#host.reader.search(query)) };
    } finally {
      this.#searches -= 1;
    }
  }

  async #locateLater(where: Where, script: ScriptInfo, watch: Watch, then: (located: Located) => void): Promise<void> {
    this.#searches += 1;
    const { withSpan, names } = neededBy(watch);
    const located = await this.#host.reader.locate(where, [script.id], withSpan, names);
    this.#searches -= 1;
    then(located);
  }
}

/** What has to be known of a place beside its scopes. */
function neededBy({ duration, condition, expressions }: Watch): { withSpan: boolean; names: string[] } {
  const names = [...(condition?.names ?? []), ...expressions.flatMap((one) => one.names)];
  return { withSpan: duration !== undefined, names };
}

function stemOf(file: string): string {
  const name = file.slice(max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const dot = name.indexOf('.', 1);
  return dot < 0 ? name : name.slice(0, dot);
}
