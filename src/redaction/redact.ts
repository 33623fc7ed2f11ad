import { ownTurn } from '../lib/own-turn.ts';
import type { RefusalDetails } from '../lib/refusal.ts';
import { fold } from '../protocol/folded.ts';
import { renderMessage } from '../protocol/render-value.ts';
import type { ExpressionResult } from '../protocol/value.ts';
import { holdsCallerText } from './caller-text.ts';
import { cleanSentence, visible } from './clean.ts';
import { markerPattern } from './marker.ts';
import { openScrubbed } from './open.ts';
import { passOf } from './pass.ts';
import type { RedactionPolicy, RedactionSource } from './policy.ts';
import { renderCapture } from './render.ts';
import { addCounts, captureSteps, countsSince } from './scrub.ts';
import { Session } from './session.ts';
import { inTurns } from './steps.ts';
import type { ClosedHit, NextCall, RenderedLine, View, ViewedHit } from './view.ts';
import { scrubLabel, scrubText } from './walk.ts';

/** What a tool hands over: JSON, and a view of hits whose captures are still closed. Class instances have no business in the JSON. */
export interface Outcome {
  structured: Readonly<Record<string, unknown>>;
  /** Its fields are added to `structured`. */
  view?: View;
  next?: NextCall;
}

/** An outcome everybody may see. */
export interface Redacted {
  structured: Record<string, unknown>;
  next?: NextCall;
  /** Values hidden in all hits and texts of it, by rule. */
  counts: Record<string, number>;
}

export interface RedactContext {
  /** Key of the tags of one action's hits, which all actions of an investigation share; the same as when they were scrubbed. */
  tagKey(actionId: string): Promise<Uint8Array> | Uint8Array | string;
  /** The policy of a hit's source; without it every hit gets the one that is given for everything else. */
  policyOf?(source: RedactionSource | undefined): RedactionPolicy;
}

/** Deepest nesting of an outcome; tools build theirs by hand, far below. */
const maxDepth = 16;
/** Longest sentence of a refusal; what makes one longer is a text of the caller in it. */
const maxSentenceChars = 1_000;

/**
 * The last step of a tool call, and the only way out for captured values: opens the hits, applies the policy as it is
 * now (a rule added after the capture hides older hits, too), renders them, and lets the view say what is shown of them. Other
 * texts lose their secrets. Between two hits others get their turn.
 */
export async function redact(outcome: Outcome, policy: RedactionPolicy, context: RedactContext): Promise<Redacted> {
  const texts = new Session(policy, undefined);
  const structured = copyJson(texts, outcome.structured, 0) as Record<string, unknown>;
  const { view, next } = outcome;
  // Its arguments may name what an agent calls itself.
  const step = next === undefined ? {} : { next: copyJson(texts, next, 0) as NextCall };
  const own = { structured, ...step, counts: { ...texts.counts } };
  if (view === undefined) return own;
  const counts: Record<string, number>[] = [texts.counts];
  const tags = new Map<string, number>();
  for (const closed of view.hits) {
    const key = await context.tagKey(closed.actionId);
    await ownTurn();
    const own = context.policyOf?.(closed.capture.source) ?? policy;
    const viewed = await renderHit(closed, own, key, numberOf(tags, key));
    counts.push((viewed.line ?? viewed.hit).redacted);
    await ownTurn();
    view.add(viewed);
  }
  await ownTurn();
  const shown = await view.done();
  const notes = [...(shown.notes ?? []), ...(Array.isArray(structured.notes) ? structured.notes : [])];
  return {
    ...own,
    structured: { ...structured, ...shown.structured, ...(shown.notes === undefined ? {} : { notes }) },
    ...(shown.next === undefined ? {} : { next: shown.next }),
    counts: counts.reduce(addCounts, {}),
  };
}

function copyJson(texts: Session, value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plainText(texts, value);
  if (typeof value !== 'object' || value === null) return isJson(value) ? value : null;
  if (depth > maxDepth) throw new Error('An outcome is nested too deeply.');
  if (Array.isArray(value)) return value.map((element: unknown) => copyJson(texts, element, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    throw new Error(`An outcome holds a ${value.constructor.name}, which is no JSON.`);
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) =>
      field === undefined ? [] : [[visible(name), copyJson(texts, field, depth + 1)]],
    ),
  );
}

/** What a refusal says, in one line each: its sentences quote callers, and its data agents. */
export function redactRefusal(refusal: RefusalDetails, policy: RedactionPolicy): RefusalDetails {
  const session = new Session(policy, undefined);
  const line = (text: string): string => cleanSentence(scrubLabel(session, text), maxSentenceChars);
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

/** Keys by number, in the order they are met: a number tells nothing of its key. */
function numberOf(tags: Map<string, number>, key: Uint8Array | string): number {
  const name = Buffer.from(key).toString('base64');
  const number = tags.get(name) ?? tags.size;
  tags.set(name, number);
  return number;
}

async function renderHit(closed: ClosedHit, policy: RedactionPolicy, key: Uint8Array | string, tags: number): Promise<ViewedHit> {
  const session = new Session(policy, key);
  const stored = openScrubbed(closed.capture);
  const capture = closed.capture.pass === passOf(policy) ? stored : await inTurns(captureSteps(session, stored));
  const from = {
    number: closed.number,
    agentId: visible(closed.agentId),
    agentName: visible(scrubLabel(session, closed.agentName)),
    capturedAt: new Date(closed.capturedAt).toISOString(),
  };
  const viewed: ViewedHit = { actionId: closed.actionId, hit: { ...from, ...renderCapture(capture) }, tags };
  if (closed.log === undefined) return viewed;
  const { level, texts } = closed.log;
  const before = { ...session.counts };
  // Once more as a whole: text and values together may say what neither does alone.
  const values = valuesIn(capture.expressions);
  const isOfProgram = (found: string): boolean => values.some((value) => value.includes(found));
  const message = session.tagging(isOfProgram, () =>
    visible(withoutOtherPart(texts, scrubText(session, renderMessage(texts, capture.expressions)))),
  );
  const redacted = addCounts(capture.redacted, countsSince(before, session.counts));
  const line: RenderedLine = { ...from, level, message, pauseMicros: capture.pauseMicros, redacted };
  return { ...viewed, line };
}

/** A character that cannot be seen, as lines show it. */
const invisible = '(?:\\\\u(?:[\\da-f]{4}|\\{[\\da-f]{1,6}\\}))*';
/** Of two values side by side, `{first}{second}`, what touches a marker may be the other part of what it hides. */
const besideMarker = new RegExp(`(?:[\\w+/-]{4,}${invisible})?(${markerPattern.source})(?:${invisible}[\\w+/=-]{4,})?`, 'g');

const withoutOtherPart = (texts: readonly string[], line: string): string =>
  texts.slice(1, -1).some((between) => (fold(between)?.text ?? between) === '') ? line.replace(besideMarker, '$1') : line;

/** What the program alone put into a line, as it stands there. */
function valuesIn(results: readonly ExpressionResult[]): string[] {
  return results.flatMap((result) =>
    'error' in result || holdsCallerText(result.expression) ? [] : [renderMessage(['', ''], [result])],
  );
}
