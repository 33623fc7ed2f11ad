import { type Debugger, Session } from 'node:inspector';
import { defineProperty } from '../intrinsics.ts';
import type { ScopesAt } from '../source/scopes.ts';

/** A script's source, and what is in scope at an offset of it. */
export interface Analysis {
  scriptId: string;
  source: string;
  scopesOf(offset: number): ScopesAt;
}

/**
 * Bytes of collected scripts V8 keeps for us. Every pass compiles a condition, which is a script of its own: without a ceiling they
 * would never be forgotten.
 */
const maxScriptsCacheSize = 1_000_000;

/** V8 gives so many places at a time; beyond these pages the rest of a function goes unseen. */
const placesPerPage = 1_000;
const maxPages = 50;

/** What V8 says of a script when it is compiled, or of each script there is when the debugger goes on. */
export type ScriptParsed = Debugger.ScriptParsedEventDataType;

/**
 * V8's debugger on the program's own thread. It never pauses: a pause waits for every other client that is connected, so another
 * vendor's agent, or an attached debugger, could hold the program for ever.
 */
export class DebuggerSession {
  readonly #session = new Session();

  /** The script that was looked at last. */
  analysed: Analysis | undefined;

  /** Turns the debugger on; `onScript` is called for each script there is, before this returns, and for later ones. */
  constructor(onScript: (script: ScriptParsed) => void) {
    this.#session.connect();
    // Instead of listeners: news of the condition comes at each pass, and the program may have changed what an emitter does.
    defineProperty(this.#session, 'emit', {
      value: (event: string, message: { params: ScriptParsed }): boolean => {
        // Conditions have no URL.
        if (event === 'Debugger.scriptParsed' && message.params.url !== '') onScript(message.params);
        return true;
      },
    });
    this.#session.post('Debugger.enable', { maxScriptsCacheSize });
    // Not even for a `debugger` statement, which paused nobody before the debugger was on.
    this.#session.post('Debugger.setSkipAllPauses', { skip: true });
  }

  /** Places where V8 can stop, in the order of the source. Lines and columns count from 0. */
  possiblePlaces(scriptId: string, from: GeneratedPlace, to: GeneratedPlace): Debugger.BreakLocation[] {
    const places: Debugger.BreakLocation[] = [];
    const end = { scriptId, lineNumber: to.line, columnNumber: to.column };
    let start: Debugger.Location = { scriptId, lineNumber: from.line, columnNumber: from.column };
    for (let page = 0; page < maxPages; page += 1) {
      const found = this.#ask<{ locations: Debugger.BreakLocation[] }>('Debugger.getPossibleBreakpoints', { start, end });
      const locations = found?.locations ?? [];
      const last = locations.at(-1);
      const isLast = last === undefined || locations.length < placesPerPage || isSame(last, start);
      // The last place comes again at the start of the next page, with all that V8 has there.
      for (const one of locations) if (isLast || !isSame(one, last)) places.push(one);
      if (isLast) break;
      start = { scriptId, lineNumber: last.lineNumber, columnNumber: last.columnNumber ?? 0 };
    }
    return places;
  }

  /** The source as V8 has it; undefined when the script has been collected. */
  source(scriptId: string): string | undefined {
    return this.#ask<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId })?.scriptSource;
  }

  /** Sets a breakpoint whose condition is text made by us. Undefined when V8 refuses it. */
  setBreakpoint(scriptId: string, at: GeneratedPlace, condition: string): string | undefined {
    const location = { scriptId, lineNumber: at.line, columnNumber: at.column };
    return this.#ask<{ breakpointId: string }>('Debugger.setBreakpoint', { location, condition })?.breakpointId;
  }

  /** Swaps the code of a script that runs. Every client's breakpoints in it are gone then. Undefined when it has been collected. */
  setScriptSource(scriptId: string, scriptSource: string): Debugger.SetScriptSourceReturnType | undefined {
    return this.#ask('Debugger.setScriptSource', { scriptId, scriptSource });
  }

  removeBreakpoint(breakpointId: string): void {
    this.#ask('Debugger.removeBreakpoint', { breakpointId });
  }

  /** Turns the debugger off and lets go of V8. */
  close(): void {
    this.#ask('Debugger.disable', {});
    this.#session.disconnect();
  }

  /** On the same thread every answer comes before `post` returns. */
  #ask<Answer>(method: string, params: object): Answer | undefined {
    let answer: Answer | undefined;
    this.#session.post(method, params, (error, result) => {
      if (error === null) answer = result as Answer;
    });
    return answer;
  }
}

function isSame(one: Debugger.Location, other: Debugger.Location): boolean {
  return one.lineNumber === other.lineNumber && (one.columnNumber ?? 0) === (other.columnNumber ?? 0);
}

/** A place in the text V8 has: lines and columns from 0. */
export interface GeneratedPlace {
  line: number;
  column: number;
}
