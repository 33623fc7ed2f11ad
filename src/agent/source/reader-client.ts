import type { Locate, StackFrame, Where } from '../../protocol/frames.ts';
import { KeptMap, mapGet, mapHas, mapSet, mapSize, startsWith } from '../intrinsics.ts';
import { push } from '../values/lists.ts';
import type { RawFrame } from '../values/stack.ts';
import type { Denied } from './denied.ts';
import { rawFrame } from './map-frames.ts';
import { pathOf } from './path-of.ts';
import { isLibrary, mayHold } from './paths.ts';
import type { Found, Reader, ReaderSources, ScriptToRead } from './reader.ts';
import type { Change } from './reader-messages.ts';
import { NativePromise, ReaderThread } from './reader-thread.ts';
import type { Located } from './spot.ts';

/** Scripts whose paths the program's thread compares itself. */
const maxLookedAt = 8;
/** Paths of mapped scripts that are remembered. */
const maxMapped = 20_000;

const nothing: Denied = { patterns: [], directory: '' };

const failed: Located = { code: 'internal', message: "The agent's reader failed or took too long. Try again." };

/** Makes the reader of this process. `onCost` is told each time the program's thread was busy for it. */
export function createReader(sources: ReaderSources, onCost: (ms: number) => void, denied: Denied = nothing): Reader {
  return new ThreadReader(sources, onCost, denied);
}

class ThreadReader implements Reader {
  readonly #thread: ReaderThread;
  #scripts: ScriptToRead[] = [];
  #byId = new KeptMap<string, ScriptToRead>();
  /** Paths of scripts of the program with a map; also of those that are forgotten, as their last frames are mapped later. */
  #mapped = new KeptMap<string, true>();

  constructor(sources: ReaderSources, onCost: (ms: number) => void, denied: Denied) {
    this.#thread = new ReaderThread(sources, onCost, denied, () => this.#everything());
  }

  add(scripts: readonly ScriptToRead[], isAll = false): void {
    if (isAll) this.#keepOnly(scripts);
    for (let index = 0; index < scripts.length; index += 1) {
      const script = scripts[index] as ScriptToRead;
      if (mapHas(this.#byId, script.id)) continue;
      this.#keep(script);
      this.#thread.tell(script);
      if (script.mapUrl === '' || isLibrary(script.path)) continue;
      if (mapSize(this.#mapped) >= maxMapped) this.#mapped = new KeptMap();
      mapSet(this.#mapped, script.path, true);
    }
  }

  /** Forgets V8's scripts that are not among these: they have been collected. */
  #keepOnly(scripts: readonly ScriptToRead[]): void {
    const there = new KeptMap<string, true>();
    for (let index = 0; index < scripts.length; index += 1) mapSet(there, (scripts[index] as ScriptToRead).id, true);
    this.#forget(({ id }) => !startsWith(id, 'load:') && !mapHas(there, id));
  }

  forget(prefix: string): void {
    this.#forget(({ id }) => startsWith(id, prefix));
  }

  #forget(isGone: (script: ScriptToRead) => boolean): void {
    const before = this.#scripts;
    this.#scripts = [];
    this.#byId = new KeptMap();
    for (let index = 0; index < before.length; index += 1) {
      const script = before[index] as ScriptToRead;
      if (!isGone(script)) this.#keep(script);
    }
    if (this.#scripts.length < before.length) this.#thread.tellEverything();
  }

  #keep(script: ScriptToRead): void {
    this.#scripts[this.#scripts.length] = script;
    mapSet(this.#byId, script.id, script);
  }

  /** These scripts and no others. */
  #everything(): Change[] {
    const changes: Change[] = [null];
    for (let index = 0; index < this.#scripts.length; index += 1) changes[index + 1] = this.#scripts[index] as ScriptToRead;
    return changes;
  }

  locate(where: Where, only?: readonly string[], withSpan = true, names: readonly string[] = []): Promise<Located> {
    if (!this.#mayFit(where, only)) return given<Located>({ found: [] });
    return this.#thread.ask<Located>({ kind: 'locate', where, only, withSpan, names }, failed);
  }

  locateNow(
    where: Where,
    only: readonly string[],
    maxMs: number,
    withSpan = true,
    names: readonly string[] = [],
  ): Located | undefined {
    if (!this.#mayFit(where, only)) return { found: [] };
    return this.#thread.askNow<Located>({ kind: 'locate', where, only, withSpan, names }, maxMs);
  }

  search(query: Locate): Promise<Found> {
    return this.#thread.ask<Found>({ kind: 'search', query }, { places: [], isComplete: false });
  }

  map(frames: readonly RawFrame[]): Promise<StackFrame[]> {
    const own: StackFrame[] = [];
    let isMapped = false;
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index] as RawFrame;
      push(own, rawFrame(frame));
      isMapped ||= mapHas(this.#mapped, pathOf(frame.url));
    }
    return isMapped ? this.#thread.ask<StackFrame[]>({ kind: 'map', frames }, own) : given(own);
  }

  close(): void {
    this.#thread.close();
  }

  /** Whether one of these scripts can be, or hold, that file. Most modules that are loaded need no look at their text. */
  #mayFit({ file }: Where, only: readonly string[] | undefined): boolean {
    if (only === undefined || only.length > maxLookedAt) return true;
    for (let index = 0; index < only.length; index += 1) {
      const script = mapGet(this.#byId, only[index] as string);
      if (script !== undefined && mayHold(script, file)) return true;
    }
    return false;
  }
}

/** A promise that is kept already. */
function given<Result>(result: Result): Promise<Result> {
  return new NativePromise((resolve) => resolve(result));
}
