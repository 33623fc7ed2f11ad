import type { AgentErrorCode, Place, Problem } from '../../protocol/frames.ts';
import type { ScopesAt } from './scopes.ts';

/** Longest text that is analysed. */
export const maxAnalysedChars = 8 * 1024 * 1024;

/** A place in the text V8 has: lines and columns from 0. */
export interface GeneratedPlace {
  line: number;
  column: number;
  /** The column V8 has, where that is another one: of places in a file that was instrumented when it was loaded, as it was before. */
  columnNow?: number;
}

/** A loaded script: little enough to keep for each of them. */
export interface ScriptInfo {
  /** V8's id, or `load:…` for a file that was instrumented when it was loaded. */
  id: string;
  /** Where it was loaded from: a path for files, else the URL. */
  path: string;
  /** `sourceMapURL`, but 'inline' for maps that are part of the script; empty for none. */
  mapUrl: string;
}

/** How a name is read by inserted code: an expression made by us that runs no code of the program, though it may throw. */
export interface NameToRead {
  name: string;
  text: string;
}

/** Where a call may be inserted so that it runs right before a statement, each time and only then. Offsets into the script's text. */
export interface Insertion {
  at: number;
  /** Set when the statement is the body of an `if` or a loop without braces: they are needed up to this offset. */
  wrapTo?: number;
  /** What can be read there without changing where V8 keeps any variable. */
  names: NameToRead[];
}

/** The function around a place. Offsets into the script's text. */
export interface FunctionAround {
  name: string;
  isAsync: boolean;
  isGenerator: boolean;
  /** From behind the opening brace and directives to the closing brace; or an arrow function's expression. */
  body: { from: number; to: number; isExpression: boolean };
  /** Names of the parameters and of what is declared outside, as of a pass at the entry. */
  entry: NameToRead[];
}

/** Where a probe goes in one script. Plain data: it crosses threads. */
export interface Spot {
  script: ScriptInfo;
  generated: GeneratedPlace;
  place: Place;
  scopes: ScopesAt;
  /** Or why nothing can be inserted there. */
  insertion: Insertion | { why: string };
  /** Why live edit must leave the whole script alone. */
  editVeto?: string;
  function?: FunctionAround;
  /** Places where V8 can stop at the entry and at each return of the function, for durations of it. */
  span?: { entry: GeneratedPlace; returns: GeneratedPlace[] };
}

/** `found` is empty while no loaded script is that file. */
export type Located = { found: Spot[] } | { code: AgentErrorCode; message: string; problem?: Problem };
