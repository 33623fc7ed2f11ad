import type { LogLevel } from '../protocol/frames.ts';
import type { ScrubbedCapture } from './capture.ts';
import type { RenderedHit } from './render.ts';

/** A hit whose capture is still closed, as `HitRecord`. */
export interface ClosedHit {
  actionId: string;
  number: number;
  agentId: string;
  agentName: string;
  capturedAt: number;
  capture: ScrubbedCapture;
  /** Of a logpoint: the caller's own texts around the expressions; an agent's words for the line are not asked. */
  log?: { level: LogLevel; texts: readonly string[] };
}

/** One line of a logpoint as an answer shows it. */
export interface RenderedLine
  extends Pick<RenderedHit, 'number' | 'agentId' | 'agentName' | 'capturedAt' | 'pauseMicros' | 'redacted'> {
  level: LogLevel;
  message: string;
}

/** One hit as a view gets it: redacted and rendered. */
export interface ViewedHit {
  actionId: string;
  hit: RenderedHit;
  /** Of a logpoint. */
  line?: RenderedLine;
  /** Tags of hidden values mean the same in all hits of one number, and nothing between two numbers. */
  tags: number;
}

/** What a view adds to an answer. */
export interface Shown {
  structured: Record<string, unknown>;
  /** Sentences of ours, without words of the program; they come before the outcome's own notes. */
  notes?: string[];
  /** In place of the outcome's own. */
  next?: NextCall;
}

/** The call that helps most now. */
export interface NextCall {
  tool: string;
  why: string;
  arguments?: Record<string, unknown>;
}

/**
 * Closed hits, and what is to be shown of them. `add` is given each in order, `done` makes JSON of them; both are pure and get
 * nothing but what an answer may hold, so whatever is worked out here cannot tell what redaction hides.
 */
export interface View {
  hits: readonly ClosedHit[];
  add(viewed: ViewedHit): void;
  done(): Shown | Promise<Shown>;
}
