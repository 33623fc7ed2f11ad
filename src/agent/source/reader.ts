import type { Locate, LocatedPlace, StackFrame, Where } from '../../protocol/frames.ts';
import type { RawFrame } from '../values/stack.ts';
import type { GeneratedPlace, Located, ScriptInfo } from './spot.ts';

/** What the reader cannot know by itself; asked on the program's thread, so each answer is one quick look. */
export interface ReaderSources {
  /** The text as V8 has it, or as it was before it was instrumented. Undefined when it has been collected. */
  text(scriptId: string): string | undefined;
  /** Places where a probe can be, in the order of the text; `return` is the end of a function. */
  stops(scriptId: string, from: GeneratedPlace, to: GeneratedPlace): Stop[];
}

export interface Stop extends GeneratedPlace {
  isReturn: boolean;
}

/** With `hash`, V8's SHA-256 of the text, the thread reads files itself instead of asking for their text. */
export type ScriptToRead = ScriptInfo & { hash?: string };

/** Places that fit a query, the best first; not complete when there was no time to look at every script. */
export interface Found {
  places: LocatedPlace[];
  isComplete: boolean;
}

/**
 * Reads sources and source maps of the program, in a thread of its own: that takes 0.1–0.3 ms per kB, and the program's thread must not
 * pay for it. The thread starts when it is first needed and ends when it was not for a while. Nothing here throws or rejects.
 */
export interface Reader {
  /** Scripts there are from now on; known ids stay as they are. With `isAll` these are all that V8 has: others of its are gone. */
  add(scripts: readonly ScriptToRead[], isAll?: boolean): void;
  /** Scripts whose id starts so are not there any more. */
  forget(prefix: string): void;
  /**
   * Where a line is; `only` narrows the search to these scripts. `internal` when the thread failed or took too long. Without `withSpan`
   * the program's thread is not asked for the places where the function begins and ends. Of a scope with thousands of names the first ones
   * are told, and those in `names`.
   */
  locate(where: Where, only?: readonly string[], withSpan?: boolean, names?: readonly string[]): Promise<Located>;
  /** As `locate`, but the program waits for it, at most so long: for a script that is about to run for the first time. */
  locateNow(
    where: Where,
    only: readonly string[],
    maxMs: number,
    withSpan?: boolean,
    names?: readonly string[],
  ): Located | undefined;
  search(query: Locate): Promise<Found>;
  /** Frames in the terms of the sources as written. As they are when that fails. */
  map(frames: readonly RawFrame[]): Promise<StackFrame[]>;
  /** Ends the thread. */
  close(): void;
}
