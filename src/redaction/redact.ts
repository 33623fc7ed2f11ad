import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RefusalDetails } from '../lib/refusal.ts';
import type { LogLevel } from '../protocol/frames.ts';
import { renderMessage } from '../protocol/render-value.ts';
import { cleanLabel, visible } from './clean.ts';
import { openScrubbed, ScrubbedCapture } from './open.ts';
import { passOf } from './pass.ts';
import type { RedactionPolicy } from './policy.ts';
import { type RenderedHit, renderCapture } from './render.ts';
import { addCounts, countsSince, scrubCapture } from './scrub.ts';
import { Session } from './session.ts';
import { scrubLabel, scrubText } from './walk.ts';

/**
 * What a tool hands over: JSON, and hits whose captures are still closed. `structured` may hold hits anywhere, as
 * `{ actionId, number, agentId, agentName, capturedAt, capture }`, with `log` where they are lines of a logpoint; other class
 * instances have no business in it.
 */
export interface Outcome {
  structured: Readonly<Record<string, unknown>>;
  /** The call that helps most now. */
  next?: { tool: string; why: string; arguments?: Record<string, unknown> };
}

/** An outcome everybody may see. */
export interface Redacted {
  structured: Record<string, unknown>;
  /** Values hidden in all hits and texts of it, by rule. */
  counts: Record<string, number>;
}

export interface RedactContext {
  /** Key of the tags of one action's hits; the same as when they were scrubbed, so that tags stay equal. */
  tagKey(actionId: string): Uint8Array | string;
}

/** A hit whose capture is still closed, as `HitRecord`. */
interface ClosedHit {
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
interface RenderedLine extends Pick<RenderedHit, 'number' | 'agentId' | 'agentName' | 'capturedAt' | 'pauseMicros' | 'redacted'> {
  level: LogLevel;
  message: string;
}

/** Deepest nesting of an outcome; tools build theirs by hand, far below. */
const maxDepth = 16;
/** Longest sentence of a refusal; what makes one longer is a text of the caller in it. */
const maxSentenceChars = 1_000;

/**
 * The last step of a tool call, and the only way out for captured values: opens the hits, applies the policy as it is
 * now (a rule added after the capture hides older hits, too), and renders them. Other texts lose their secrets. Between
 * two hits others get their turn: one may take tens of milliseconds.
 */
export async function redact(outcome: Outcome, policy: RedactionPolicy, context: RedactContext): Promise<Redacted> {
  const texts = new Session(policy, undefined);
  const counts: Record<string, number>[] = [];
  const copy = async (value: unknown, depth: number): Promise<unknown> => {
    if (typeof value === 'string') return plainText(texts, value);
    if (typeof value !== 'object' || value === null) return isJson(value) ? value : null;
    if (depth > maxDepth) throw new Error('An outcome is nested too deeply.');
    if (Array.isArray(value)) {
      const copies: unknown[] = [];
      for (const element of value) copies.push(await copy(element, depth + 1));
      return copies;
    }
    if (isClosedHit(value)) {
      if (counts.length > 0) await nextTurn();
      const hit = renderHit(value, policy, context);
      counts.push(hit.redacted);
      return hit;
    }
    if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
      throw new Error(`An outcome holds a ${value.constructor.name}, which is no JSON.`);
    }
    const fields: [string, unknown][] = [];
    for (const [name, field] of Object.entries(value)) {
      if (field !== undefined) fields.push([visible(name), await copy(field, depth + 1)]);
    }
    return Object.fromEntries(fields);
  };
  const structured = (await copy(outcome.structured, 0)) as Record<string, unknown>;
  return { structured, counts: [...counts, texts.counts].reduce(addCounts, {}) };
}

/** What a refusal says, in one line each: its sentences quote callers, and its data agents. */
export function redactRefusal(refusal: RefusalDetails, policy: RedactionPolicy): RefusalDetails {
  const session = new Session(policy, undefined);
  const line = (text: string): string => cleanLabel(scrubLabel(session, text), maxSentenceChars);
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return plainText(session, value);
    if (typeof value !== 'object' || value === null || depth > maxDepth) return isJson(value) ? value : null;
    if (Array.isArray(value)) return value.map((element: unknown) => copy(element, depth + 1));
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [[visible(name), copy(field, depth + 1)]])),
    );
  };
  const { code, message, field, next, data } = refusal;
  return {
    code,
    message: line(message),
    ...(field === undefined ? {} : { field: line(field) }),
    ...(next === undefined ? {} : { next: line(next) }),
    ...(data === undefined ? {} : { data: copy(data, 0) as Record<string, unknown> }),
  };
}

function plainText(session: Session, text: string): string {
  return visible(scrubLabel(session, text));
}

function isJson(value: unknown): boolean {
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

function isClosedHit(value: object): value is ClosedHit {
  return (
    'capture' in value && value.capture instanceof ScrubbedCapture && 'actionId' in value && typeof value.actionId === 'string'
  );
}

function renderHit(hit: ClosedHit, policy: RedactionPolicy, context: RedactContext): RenderedHit | RenderedLine {
  const session = new Session(policy, context.tagKey(hit.actionId));
  const stored = openScrubbed(hit.capture);
  const capture = hit.capture.pass === passOf(policy) ? stored : scrubCapture(session, stored);
  const from = {
    number: hit.number,
    agentId: visible(hit.agentId),
    agentName: visible(scrubLabel(session, hit.agentName)),
    capturedAt: new Date(hit.capturedAt).toISOString(),
  };
  if (hit.log === undefined) return { ...from, ...renderCapture(capture) };
  const { level, texts } = hit.log;
  const before = { ...session.counts };
  // Once more as a whole: text and values together may say what neither does alone.
  const message = visible(scrubText(session, renderMessage(texts, capture.expressions)));
  const redacted = addCounts(capture.redacted, countsSince(before, session.counts));
  return { ...from, level, message, pauseMicros: capture.pauseMicros, redacted };
}
