import { visible } from './clean.ts';
import { openScrubbed, ScrubbedCapture } from './open.ts';
import type { RedactionPolicy } from './policy.ts';
import { type RenderedHit, renderCapture } from './render.ts';
import { addCounts, scrubCapture } from './scrub.ts';
import { Session } from './session.ts';
import { scrubLabel } from './walk.ts';

/**
 * What a tool hands over: JSON, and hits whose captures are still closed. `structured` may hold hits anywhere, as
 * `{ actionId, number, agentId, agentName, capturedAt, capture }`; other class instances have no business in it.
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
}

/** Deepest nesting of an outcome; tools build theirs by hand, far below. */
const maxDepth = 16;

/**
 * The last step of a tool call, and the only way out for captured values: opens the hits, applies the policy as it is
 * now (a rule added after the capture hides older hits, too), and renders them. Other texts lose their secrets.
 */
export function redact(outcome: Outcome, policy: RedactionPolicy, context: RedactContext): Redacted {
  const texts = new Session(policy, undefined);
  const counts: Record<string, number>[] = [];
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return visible(scrubLabel(texts, value));
    if (typeof value !== 'object' || value === null) return isJson(value) ? value : null;
    if (depth > maxDepth) throw new Error('An outcome is nested too deeply.');
    if (Array.isArray(value)) return value.map((element: unknown) => copy(element, depth + 1));
    if (isClosedHit(value)) {
      const hit = renderHit(value, policy, context);
      counts.push(hit.redacted);
      return hit;
    }
    if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
      throw new Error(`An outcome holds a ${value.constructor.name}, which is no JSON.`);
    }
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [[visible(name), copy(field, depth + 1)]])),
    );
  };
  const structured = copy(outcome.structured, 0) as Record<string, unknown>;
  return { structured, counts: [...counts, texts.counts].reduce(addCounts, {}) };
}

function isJson(value: unknown): boolean {
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

function isClosedHit(value: object): value is ClosedHit {
  return (
    'capture' in value && value.capture instanceof ScrubbedCapture && 'actionId' in value && typeof value.actionId === 'string'
  );
}

function renderHit(hit: ClosedHit, policy: RedactionPolicy, context: RedactContext): RenderedHit {
  const session = new Session(policy, context.tagKey(hit.actionId));
  return {
    number: hit.number,
    agentId: visible(hit.agentId),
    agentName: visible(scrubLabel(session, hit.agentName)),
    capturedAt: new Date(hit.capturedAt).toISOString(),
    ...renderCapture(scrubCapture(session, openScrubbed(hit.capture))),
  };
}
