import type { Locate, StackFrame, Where } from '../../protocol/frames.ts';
import type { RawFrame } from '../values/stack.ts';
import type { Denied } from './denied.ts';
import type { Found, ScriptToRead, Stop } from './reader.ts';
import type { GeneratedPlace, Located } from './spot.ts';

/** What the program's thread and the reader's say to each other. Both wait on `signals` while they need an answer at once. */
export interface ReaderData {
  /** The reader asks and answers here. */
  port: import('node:worker_threads').MessagePort;
  /** Counts messages: element 0 those to the reader's port, element 1 those from it. */
  signals: Int32Array;
  denied: Denied;
}

export const toReader = 0;
export const toProgram = 1;

/** A script there is from now on; null when all so far are gone. */
export type Change = ScriptToRead | null;

export type Task =
  | { kind: 'locate'; where: Where; only: readonly string[] | undefined; withSpan: boolean; names: readonly string[] }
  | { kind: 'search'; query: Locate }
  | { kind: 'map'; frames: readonly RawFrame[] };

/** To the thread; without a task it ends. */
export interface Request {
  id: number;
  changes: Change[];
  task?: Task;
}

export type Range = readonly [from: GeneratedPlace, to: GeneratedPlace];

/** From the thread: its answer to a request, or a question. */
export type FromReader =
  | { id: number; result: Located | Found | StackFrame[] | undefined }
  | { ask: number; script: string; ranges?: Range[] };

/** The answer to a question. */
export interface ToReader {
  ask: number;
  answer: string | Stop[][] | undefined;
}
