import type { CaptureData, Place, ScopeVariables } from '../protocol/frames.ts';
import type { Value } from '../protocol/value.ts';
import { onlyListed } from './allow-list.ts';
import { knownRule } from './known-rules.ts';
import { closeScrubbed, openRaw, type RawCapture, type ScrubbedCapture } from './open.ts';
import { passOf } from './pass.ts';
import type { RedactionPolicy, RedactionSource } from './policy.ts';
import { expressionSteps } from './scrub-expressions.ts';
import { Session } from './session.ts';
import { atOnce, inTurns, type Steps } from './steps.ts';
import { scrubLabel, scrubText, valueSteps } from './walk.ts';

export interface ScrubContext {
  /** Key of the tags: equal values get equal tags under one key. One key per action; it never leaves the bridge. */
  tagKey: Uint8Array | string;
  /** Where the capture comes from, so that it can be judged by its source's policy later on. */
  source?: RedactionSource;
}

/** Hides what must not be stored. Runs on every capture as it arrives, so that the store never holds a raw value. */
export async function scrubInTurns(raw: RawCapture, policy: RedactionPolicy, context: ScrubContext): Promise<ScrubbedCapture> {
  const steps = captureSteps(new Session(policy, context.tagKey), openRaw(raw));
  return closeScrubbed(await inTurns(steps), passOf(policy), context.source);
}

/** The same at once: for captures known to be small. */
export function scrub(raw: RawCapture, policy: RedactionPolicy, context: ScrubContext): ScrubbedCapture {
  return closeScrubbed(scrubCapture(new Session(policy, context.tagKey), openRaw(raw)), passOf(policy), context.source);
}

/** What `captureSteps` gives, at once. */
export const scrubCapture = (session: Session, whole: CaptureData): CaptureData => atOnce(captureSteps(session, whole));

/** The capture with the session's policy applied; counts of what is hidden now are added to those it brought along. */
export function* captureSteps(session: Session, whole: CaptureData): Steps<CaptureData> {
  const counted = { ...session.counts };
  const data = onlyListed(session, whole);
  const inside = { depth: 0, level: 0 };
  const scopes: ScopeVariables[] = [];
  for (const { kind, variables } of data.scopes) {
    const shown: [string, Value][] = [];
    for (const [name, value] of variables) {
      shown.push([scrubLabel(session, name), yield* valueSteps(session, value, { ...inside, name })]);
    }
    scopes.push({ kind, variables: shown });
  }
  const own = data.this === undefined ? {} : { this: yield* valueSteps(session, data.this, inside) };
  const { expressions, untold } = yield* expressionSteps(session, data.expressions, { scopes, ...own });
  const scrubbed: CaptureData = {
    ...data,
    at: scrubPlace(session, data.at),
    stack: data.stack.map((frame) => ({
      ...frame,
      function: scrubLabel(session, frame.function),
      file: scrubLabel(session, frame.file),
    })),
    ...own,
    scopes,
    expressions,
  };
  return {
    ...scrubbed,
    redacted: addCounts(countsSince(untold, cleanCounts(session.policy, data.redacted)), countsSince(counted, session.counts)),
  };
}

/** A place with secrets hidden in its line of source text; names of files and functions stay readable. */
export function scrubPlace(session: Session, place: Place): Place {
  return {
    ...place,
    file: scrubLabel(session, place.file),
    ...(place.function === undefined ? {} : { function: scrubLabel(session, place.function) }),
    ...(place.text === undefined ? {} : { text: scrubText(session, place.text) }),
  };
}

/** Adds up two counts per rule. */
export function addCounts(left: Record<string, number>, right: Record<string, number>): Record<string, number> {
  const sum = { ...left };
  for (const [rule, count] of Object.entries(right)) sum[rule] = (sum[rule] ?? 0) + count;
  return sum;
}

/** What was counted after `before`. */
export function countsSince(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).flatMap(([rule, count]) => (count > (before[rule] ?? 0) ? [[rule, count - (before[rule] ?? 0)]] : [])),
  );
}

/** What an agent says it hid: whole numbers, by rules that are known. What is not in the form of a rule, it did not say. */
function cleanCounts(policy: RedactionPolicy, counts: Record<string, number>): Record<string, number> {
  let clean: Record<string, number> = {};
  for (const [rule, count] of Object.entries(counts)) {
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(rule) || !Number.isSafeInteger(count) || count <= 0) continue;
    clean = addCounts(clean, { [knownRule(policy, rule)]: count });
  }
  return clean;
}
