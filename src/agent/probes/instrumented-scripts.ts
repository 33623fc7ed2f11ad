import { KeptMap, mapGet, mapSet } from '../intrinsics.ts';
import type { LoadTime } from '../load-time/load-time.ts';
import type { Stop } from '../source/reader.ts';
import type { GeneratedPlace, ScriptInfo, Spot } from '../source/spot.ts';
import type { Debugging } from './debugging.ts';

/** Where V8 has a place, for breakpoints and of frames in stacks. */
export function whereNow({ line, column, columnNow }: GeneratedPlace): GeneratedPlace {
  return { line, column: columnNow ?? column };
}

/**
 * The files that were instrumented when they were loaded, as V8's debugger has them: for actions that inserted calls cannot carry out. Text
 * and places are told as they were before; only a breakpoint is set where V8 has the place now.
 */
export class InstrumentedScripts {
  readonly #loadTime: LoadTime | undefined;
  readonly #debugging: () => Debugging;
  /** Told by V8, by its id; which file it is, is looked up when somebody asks. */
  readonly #told = new KeptMap<string, ScriptInfo>();
  /** Id of the file by V8's id; also when the debugger is off, as the reader may still be at it. */
  readonly #ids = new KeptMap<string, string>();

  constructor(loadTime: LoadTime | undefined, debugging: () => Debugging) {
    this.#loadTime = loadTime;
    this.#debugging = debugging;
  }

  /** Whether V8 tells of a file that may have been instrumented. */
  takes(script: ScriptInfo): boolean {
    if (this.#loadTime?.has(script.path) !== true) return false;
    mapSet(this.#told, script.id, script);
    return true;
  }

  /** The debugger goes off; V8 tells all scripts again when it goes on. */
  clear(): void {
    this.#told.clear();
  }

  /** The id, `load:…`, of the file that a script of V8's is. */
  fileOf(scriptId: string): string | undefined {
    const known = mapGet(this.#ids, scriptId);
    const told = mapGet(this.#told, scriptId);
    if (known !== undefined || told === undefined) return known;
    const text = this.#debugging().session?.source(scriptId);
    const id = text === undefined ? undefined : this.#loadTime?.idOf(told.path, text);
    if (id === undefined) this.#told.delete(scriptId);
    else mapSet(this.#ids, scriptId, id);
    return id;
  }

  /** One of them, to be read; undefined when it is not. */
  asFile(scriptId: string): ScriptInfo | undefined {
    const id = this.fileOf(scriptId);
    const file = this.#loadTime?.files().find((one) => one.id === id);
    return file === undefined ? undefined : { ...file, id: scriptId };
  }

  /** V8's scripts of some files. */
  of(files: readonly Pick<ScriptInfo, 'id' | 'path'>[]): ScriptInfo[] {
    const ids = new Set(files.map(({ id }) => id));
    const paths = new Set(files.map(({ path }) => path));
    const told = [...this.#told.values()].filter(({ path }) => paths.has(path));
    return told.flatMap(({ id }) => (ids.has(this.fileOf(id) ?? '') ? (this.asFile(id) ?? []) : []));
  }

  text(scriptId: string): string | undefined {
    const id = this.fileOf(scriptId);
    return id === undefined ? undefined : this.#loadTime?.text(id);
  }

  /** Where V8 can stop, without what was inserted; undefined for any other script. */
  stops(scriptId: string, from: GeneratedPlace, to: GeneratedPlace): Stop[] | undefined {
    const id = this.fileOf(scriptId);
    const columns = id === undefined ? undefined : this.#loadTime?.columns(id);
    if (columns === undefined) return undefined;
    const now = ({ line, column }: GeneratedPlace) => ({ line, column: columns.shifted(line, column) });
    const found = this.#debugging().stops(scriptId, now(from), now(to));
    const own = found.flatMap(({ line, column: columnNow, isReturn }) => {
      const { column, inside } = columns.unshifted(line, columnNow);
      // A statement that got braces returns at the closing one.
      return inside === undefined || (inside === 0 && isReturn) ? [{ line, column, columnNow, isReturn }] : [];
    });
    // The return of one statement can stand where the next one begins.
    return own.sort((a, b) => a.line - b.line || a.column - b.column || Number(a.isReturn) - Number(b.isReturn));
  }

  /** Whether inserted calls can time the function as a whole. */
  canSpan({ script, function: around }: Spot): boolean {
    return around !== undefined && this.#loadTime?.hasSpan(this.fileOf(script.id) ?? script.id, around.body.from) === true;
  }

  /** What the inserted call of a statement hands over; undefined where there is none. */
  names({ script, insertion }: Spot): readonly string[] | undefined {
    return 'why' in insertion ? undefined : this.#loadTime?.namesAt(this.fileOf(script.id) ?? script.id, insertion.at);
  }
}
