import { defineProperty, deleteProperty, KeptMap, mapSet } from '../intrinsics.ts';
import type { ScriptToRead, Stop } from '../source/reader.ts';
import type { GeneratedPlace, ScriptInfo } from '../source/spot.ts';
import { PromiseStack } from './promise-stack.ts';
import { scriptInfo } from './script-info.ts';
import { DebuggerSession, type ScriptParsed } from './session.ts';

/** Scripts remembered; a program that compiles more than this is generating them. */
const maxScripts = 20_000;

export interface DebuggingEvents {
  /** The scripts there were when the debugger went on. */
  found(scripts: readonly ScriptToRead[]): void;
  /** A script has just been compiled and will run when this returns. */
  loaded(script: ScriptToRead): void;
  /** Whether it is kept elsewhere, as it was instrumented when it was loaded. */
  isInstrumented(script: ScriptInfo): boolean;
  /** One of those has just been compiled and will run when this returns. */
  loadedInstrumented(script: ScriptInfo): void;
  /** The debugger goes off. */
  closed(): void;
  /** Whether it is what an edited script was: V8 lists these when the debugger goes on again. */
  isFormer(script: ScriptInfo): boolean;
}

/** What conditions call, and under which name. */
interface Hook {
  hookName: string;
  hook: unknown;
  /** The debugger went off. */
  ended(): void;
}

/** V8's debugger while a probe needs it, and the scripts it tells of. */
export class Debugging {
  readonly #events: DebuggingEvents;
  readonly #hook: Hook;
  readonly #scripts = new KeptMap<string, ScriptInfo>();
  readonly #promises = new PromiseStack();
  #session: DebuggerSession | undefined;
  /** In the middle of V8's news of a script: turning the debugger off then would crash the process. */
  isInNews = false;

  constructor(hook: Hook, events: DebuggingEvents) {
    this.#hook = hook;
    this.#events = events;
  }

  get session(): DebuggerSession | undefined {
    return this.#session;
  }

  /** Turns it on. Throws where this process does not allow it. */
  open(): DebuggerSession {
    if (this.#session !== undefined) return this.#session;
    let isNew = false;
    const first: ScriptToRead[] = [];
    const onScript = (parsed: ScriptParsed): void => {
      const script = scriptInfo(parsed);
      if (script === undefined || this.#scripts.size >= maxScripts) return;
      const isInstrumented = this.#events.isInstrumented(script);
      if (isInstrumented && !isNew) return;
      if (!isNew && this.#events.isFormer(script)) return;
      if (!isInstrumented) mapSet(this.#scripts, script.id, script);
      if (!isNew) {
        first[first.length] = script;
        return;
      }
      const wasInNews = this.isInNews;
      this.isInNews = true;
      try {
        if (isInstrumented) this.#events.loadedInstrumented(script);
        else this.#events.loaded(script);
      } finally {
        this.isInNews = wasInNews;
      }
    };
    const session = this.#promises.open(() => new DebuggerSession(onScript));
    defineProperty(globalThis, this.#hook.hookName, {
      value: this.#hook.hook,
      configurable: true,
      enumerable: false,
      writable: false,
    });
    isNew = true;
    this.#session = session;
    this.#events.found(first);
    return session;
  }

  /** Makes V8 as it was before. Never in the middle of a pass or of V8's news. */
  close(): void {
    if (this.#session === undefined) return;
    this.#session.close();
    this.#session = undefined;
    this.#promises.closed();
    this.#scripts.clear();
    this.#events.closed();
    deleteProperty(globalThis, this.#hook.hookName);
    this.#hook.ended();
  }

  /** Places where V8 can stop. */
  stops(scriptId: string, from: GeneratedPlace, to: GeneratedPlace): Stop[] {
    const found = this.#session?.possiblePlaces(scriptId, from, to) ?? [];
    return found.map(({ lineNumber, columnNumber, type }) => ({
      line: lineNumber,
      column: columnNumber ?? 0,
      isReturn: type === 'return',
    }));
  }
}
