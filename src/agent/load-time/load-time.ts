import { createHash } from 'node:crypto';
import { KeptMap, mapGet } from '../language.ts';
import { attempt } from '../later.ts';
import type { AgentLog } from '../log.ts';
import type { Stop } from '../source/reader.ts';
import type { GeneratedPlace, ScriptInfo } from '../source/spot.ts';
import { Columns } from './columns.ts';
import { hookLoading } from './hooks.ts';
import { defineCells, LoadedFile, type LoadTimeArmed, type LoadTimeHandler } from './loaded-file.ts';
import { createMatcher } from './patterns.ts';
import { type Rewritten, rewrite } from './rewrite.ts';
import { mapComment, shiftMap } from './shift-map.ts';

export type { Dispatcher, LoadTimeArmed, LoadTimeHandler } from './loaded-file.ts';

export interface LoadTimeOptions {
  /** Globs of the program's own files, relative to `directory` (patterns.ts). */
  patterns: readonly string[];
  directory: string;
  log: AgentLog;
}

/** Files of the program that had calls put before their statements as they were loaded, in this thread. Nothing here throws. */
export interface LoadTime {
  /** Whether the function whose body begins at this offset (`FunctionAround.body.from`) can be timed as a whole. */
  hasSpan(id: string, offset: number): boolean;
  /**
   * Has `handler` called at the entry of the function, with its parameters, and with the token it gave, if any, at the end without values,
   * however it ends.
   */
  armSpan(id: string, offset: number, handler: LoadTimeHandler): LoadTimeArmed | undefined;
  disarmSpan(id: string, offset: number): void;
  /** The instrumented files; their ids are `load:1`, `load:2`, … */
  files(): ScriptInfo[];
  /** Called when a file was instrumented; it runs when the listener returns. */
  onLoaded(listener: (script: ScriptInfo) => void): void;
  /** Whether the file at a path is instrumented. */
  has(path: string): boolean;
  /** Why the file at a path is not, in one sentence. */
  why(path: string): string | undefined;
  /** As it was before it was instrumented; like the following, undefined for a script that is not one of these. */
  text(id: string): string | undefined;
  /** Statements, and where code begins that has none, from one place up to another, which is not included. */
  stops(id: string, from: GeneratedPlace, to: GeneratedPlace): Stop[] | undefined;
  /** Names handed over before the statement at an offset; undefined when none begins there. */
  namesAt(id: string, offset: number): readonly string[] | undefined;
  /** The id of the file with this path whose text, with calls in it, this is. */
  idOf(path: string, text: string): string | undefined;
  /** Where inserted text has moved the characters of a file. */
  columns(id: string): Columns | undefined;
  /** Has `handler` called at each pass through the statement at this offset of the original text; one for each statement. */
  arm(id: string, offset: number, handler: LoadTimeHandler): LoadTimeArmed | undefined;
  /** May be called in the middle of a pass, as `disarmSpan`. */
  disarm(id: string, offset: number): void;
  /** The column that a place of an instrumented file had before; from 0. That of any other file is as it was. */
  originalColumn(path: string, line: number, column: number): number;
}

/** A program that makes files as it runs must not fill the memory. */
const maxFiles = 10_000;
/** Reasons that are kept, one for each file. */
const maxReasons = 1_000;

/** Instruments what the program loads from now on; call it before the program's own code. Undefined when no file is named. */
export function installLoadTime(options: LoadTimeOptions): LoadTime | undefined {
  const files = new LoadedFiles(options);
  if (!options.patterns.some((pattern) => pattern.trim() !== '')) return undefined;
  files.canModules = hookLoading({
    isWanted: (path) => files.isWanted(path),
    instrument: (path, text) => files.instrument(path, text),
    refused: (path) => files.refused(path),
    leaveOut: (path, why) => files.leaveOut(path, why),
  });
  if (!files.canModules) options.log.debug('ES modules are not instrumented: this Node has no module.registerHooks');
  return files;
}

class LoadedFiles implements LoadTime {
  canModules = false;
  #lastId = 0;
  readonly #matches: (path: string) => boolean;
  readonly #log: AgentLog;
  readonly #byId = new KeptMap<string, LoadedFile>();
  /** A file that is loaded again is the same one while its text is the same. */
  readonly #byMark = new Map<string, string>();
  readonly #byPath = new Map<string, LoadedFile>();
  readonly #reasons = new Map<string, string>();
  readonly #listeners: ((script: ScriptInfo) => void)[] = [];

  constructor({ patterns, directory, log }: LoadTimeOptions) {
    this.#matches = createMatcher(patterns, directory);
    this.#log = log;
  }

  isWanted(path: string): boolean {
    try {
      return this.#matches(path);
    } catch {
      return false;
    }
  }

  /** The text to run in place of a file's; undefined when it is to be left alone. */
  instrument(path: string, source: string): string | undefined {
    try {
      if (this.#lastId >= maxFiles) {
        this.leaveOut(path, `There are ${maxFiles} files already.`);
        return undefined;
      }
      const startMs = performance.now();
      const mark = markOf(path, source);
      const known = this.#byMark.get(mark);
      const comment = mapComment(source);
      const isInline = comment?.url.startsWith('data:') === true;
      const rewritten =
        known === undefined || this.#byId.get(known)?.info.path === path
          ? rewrite(source, mark, isInline)
          : { why: 'Its names are those of another file.' };
      if ('why' in rewritten) {
        this.leaveOut(path, rewritten.why);
        return undefined;
      }
      defineCells(mark, rewritten.cells);
      const text = comment === undefined ? rewritten.text : withMap(rewritten, source, comment.url, path);
      if (known === undefined) {
        this.#lastId += 1;
        const id = `load:${this.#lastId}`;
        const file = new LoadedFile({ id, path, mapUrl: isInline ? 'inline' : (comment?.url ?? '') }, mark, source, rewritten);
        this.#byId.set(id, file);
        this.#byMark.set(mark, id);
        this.#byPath.set(path, file);
        this.#reasons.delete(path);
        this.#log.debug(
          `instrumented ${path}: ${rewritten.sites.length} statements in ${(performance.now() - startMs).toFixed(1)} ms`,
        );
        for (const listener of this.#listeners) attempt(() => listener(file.info));
      }
      return text;
    } catch (error) {
      this.leaveOut(path, `It could not be instrumented: ${String(error)}`);
      return undefined;
    }
  }

  refused(path: string): void {
    const file = this.#byPath.get(path);
    if (file !== undefined) this.#byId.delete(file.info.id);
    this.#byPath.delete(path);
    this.leaveOut(path, 'V8 did not take it with calls inserted.');
  }

  leaveOut(path: string, why: string): void {
    if (this.#reasons.size < maxReasons) this.#reasons.set(path, why);
    this.#log.debug(`not instrumented: ${path}: ${why}`);
  }

  files(): ScriptInfo[] {
    return [...this.#byId.values()].map(({ info }) => info);
  }

  onLoaded(listener: (script: ScriptInfo) => void): void {
    this.#listeners.push(listener);
  }

  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  why(path: string): string | undefined {
    if (this.has(path)) return undefined;
    const reason = this.#reasons.get(path);
    if (reason !== undefined) return reason;
    if (!this.isWanted(path)) return 'SIDELIGHT_INSTRUMENT does not name it.';
    return this.canModules
      ? 'It was loaded before the agent, or by a loader that passes it by.'
      : 'It was loaded before the agent, or is an ES module, which this Node does not let the agent instrument.';
  }

  text(id: string): string | undefined {
    return this.#byId.get(id)?.text();
  }

  stops(id: string, from: GeneratedPlace, to: GeneratedPlace): Stop[] | undefined {
    return this.#byId.get(id)?.stops(from, to);
  }

  arm(id: string, offset: number, handler: LoadTimeHandler): LoadTimeArmed | undefined {
    return this.#byId.get(id)?.arm(false, offset, handler);
  }

  namesAt(id: string, offset: number): readonly string[] | undefined {
    return this.#byId.get(id)?.namesAt(offset);
  }

  idOf(path: string, text: string): string | undefined {
    return [...this.#byId.values()].find((file) => file.info.path === path && file.isIn(text))?.info.id;
  }

  columns(id: string): Columns | undefined {
    return this.#byId.get(id)?.columns;
  }

  hasSpan(id: string, offset: number): boolean {
    return this.#byId.get(id)?.hasSpan(offset) === true;
  }

  armSpan(id: string, offset: number, handler: LoadTimeHandler): LoadTimeArmed | undefined {
    return this.#byId.get(id)?.arm(true, offset, handler);
  }

  disarmSpan(id: string, offset: number): void {
    mapGet(this.#byId, id)?.disarm(true, offset);
  }

  disarm(id: string, offset: number): void {
    mapGet(this.#byId, id)?.disarm(false, offset);
  }

  originalColumn(path: string, line: number, column: number): number {
    return mapGet(this.#byPath, path)?.columns.original(line, column) ?? column;
  }
}

/** Stable, so that Node's compile cache knows the text again; nobody else has such names. */
function markOf(path: string, source: string): string {
  const hash = createHash('sha256').update(path).update('\0').update(source).digest();
  return `$${(hash.readUIntBE(0, 4) + 36 ** 6).toString(36)}`;
}

/** Node's own mapping of stacks must not be led astray. Without it, a map would only cost. */
function withMap({ text, edits }: Rewritten, source: string, url: string, path: string): string {
  if (!(process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled) return text;
  try {
    const ats = Uint32Array.from(edits, ({ at }) => at);
    const lengths = Uint32Array.from(edits, ({ text }) => text.length);
    const shifted = shiftMap(url, path, new Columns(source, ats, lengths));
    const comment = mapComment(text);
    return shifted === undefined || comment === undefined ? text : text.slice(0, comment.from) + shifted + text.slice(comment.to);
  } catch {
    // A map that cannot be read does not help Node either.
    return text;
  }
}
