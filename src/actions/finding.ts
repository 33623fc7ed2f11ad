import type { Passes, Skipped, Sums } from '../protocol/frames.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import { quoted } from '../redaction/words.ts';
import type { ActionRecord, TargetRecord } from './action.ts';
import { agentRefusal } from './agent-refusals.ts';

export type FindingCode =
  | 'hits'
  | 'condition-failed'
  | 'condition-false'
  | 'below-threshold'
  | 'not-a-number'
  | 'unfinished'
  | 'queue-full'
  | 'rate-limited'
  | 'breaker'
  | 'sampled-out'
  | 'just-armed'
  | 'never-reached'
  | 'line-moved'
  | 'failed'
  | 'suspended'
  | 'not-loaded'
  | 'offline'
  | 'ended';

/** What one agent met. */
export interface Finding {
  code: FindingCode;
  /** Why it has no hit, or that it has; a sentence without its full stop. */
  sentence: string;
  /** The sentence tells a number, which of several agents is that of all (`addUp`). */
  isCounted?: boolean;
  /** What to do about it, where that is known better than from the code. */
  next?: string;
  /** Everything known of it, in sentences. */
  facts: string[];
}

/** Before so long nobody can say that a line is not reached, and agents tell what they met only with their beat. */
const newMs = 1_000;
/** Above this share of its time away, sampling is the likeliest reason for no hit. */
const mostlyAway = 0.5;

/** Judges one agent's part of an action by what it last said. */
export function findingOn(action: ActionRecord, target: TargetRecord, isConnected: boolean): Finding {
  return { ...judge(action, target, isConnected), facts: factsOn(action, target, isConnected) };
}

type Judged = Omit<Finding, 'facts'>;

function judge(action: ActionRecord, target: TargetRecord, isConnected: boolean): Judged {
  const counted = countsOf(target);
  return (
    results(action, target) ??
    failure(action, target) ??
    loss(action, target, isConnected) ??
    withoutResult(action, target, counted) ??
    absence(action, target, isConnected) ??
    unreached(action, target, counted)
  );
}

function results(action: ActionRecord, { hits, taken = 0, sums }: TargetRecord): Judged | undefined {
  const all = Math.max(hits, taken);
  if (all > 0) return { code: 'hits', sentence: `It was hit ${times(all)}`, isCounted: true };
  return !recordsHits(action) && sums !== undefined && sums.count > 0
    ? { code: 'hits', sentence: `It has counted ${times(sums.count)}`, isCounted: true }
    : undefined;
}

function failure(action: ActionRecord, target: TargetRecord): Judged | undefined {
  const { state, code, problem } = target;
  if (state !== 'failed') return undefined;
  if (code === 'overhead') return { code: 'breaker', sentence: 'The agent gave it up because it cost the program too much' };
  const { message, next } = agentRefusal(action, target);
  const told = problem === undefined || next === undefined ? {} : { next };
  return { code: code === 'line-mismatch' ? 'line-moved' : 'failed', sentence: message.replace(/\.$/, ''), ...told };
}

/** Its last word says nothing of what the program does now. */
function loss({ status }: ActionRecord, { state }: TargetRecord, isConnected: boolean): Judged | undefined {
  const isOpen = status === 'pending' && (state === 'armed' || state === 'suspended');
  return isOpen && !isConnected ? { code: 'offline', sentence: 'The agent is not connected any more' } : undefined;
}

/** The line was reached, and nothing came of it. */
function withoutResult(action: ActionRecord, target: TargetRecord, { skipped }: Counted): Judged | undefined {
  const { sums, passes: met } = target;
  const partly = awayShare(met) > mostlyAway ? `, looked at for ${percent(1 - awayShare(met))} of the time` : '';
  const reasons: [count: number, code: FindingCode, sentence: string][] = [
    [skipped.error, 'condition-failed', `The condition could not be evaluated ${times(skipped.error)}`],
    [skipped.condition, 'condition-false', `The line was reached, with the condition false ${times(skipped.condition)}${partly}`],
    [skipped.queue, 'queue-full', `${passes(skipped.queue)} left out because the queue of the agent was full`],
    [skipped.rate ?? 0, 'rate-limited', `${passes(skipped.rate ?? 0)} left out to keep to the lines a second`],
    [sums?.notNumbers ?? 0, 'not-a-number', `The expression was not a finite number ${times(sums?.notNumbers ?? 0)}`],
    [sums?.unfinished ?? 0, 'unfinished', `${sums?.unfinished ?? 0} spans began and none was seen to end`],
  ];
  const [most] = reasons.filter(([count]) => count > 0).sort((one, other) => other[0] - one[0]);
  if (most !== undefined) return { code: most[1], sentence: most[2], isCounted: true };
  if ((sums?.count ?? 0) > 0 && action.duration?.thresholdMs !== undefined)
    return { code: 'below-threshold', sentence: `No span took longer than ${action.duration.thresholdMs} ms` };
  return undefined;
}

function absence({ status }: ActionRecord, { state, at, passes: met }: TargetRecord, isConnected: boolean): Judged | undefined {
  const isGone = state === 'removed' || state === 'expired';
  const isOver = status !== 'pending' && (met !== undefined || isGone);
  if (!isConnected && !isOver) return { code: 'offline', sentence: 'The agent is not connected' };
  if (state === 'suspended') return { code: 'suspended', sentence: 'The agent has taken it off for now' };
  const wasNeverBound = state === 'pending' || (isGone && at === undefined && met === undefined);
  return wasNeverBound ? { code: 'not-loaded', sentence: 'The program has not loaded this file' } : undefined;
}

function unreached(
  { status }: ActionRecord,
  { passes: met, skipped: told, state }: TargetRecord,
  { skipped, seen }: Counted,
): Judged {
  if ((met?.trips ?? 0) > 0) return { code: 'breaker', sentence: 'It was taken away because one pause was far too long' };
  if (awayShare(met) > mostlyAway || (met === undefined && skipped.budget > 0))
    return { code: 'sampled-out', sentence: 'The probe was away most of the time to keep within its time budget' };
  if (seen > 0) return { code: 'ended', sentence: `The line was reached ${times(seen)}`, isCounted: true };
  if (status === 'pending' && state === 'armed' && (met?.armedMs ?? 0) < newMs)
    return { code: 'just-armed', sentence: 'It is armed, and the agent has not told yet whether the line runs' };
  if (state === 'armed' || met !== undefined || told !== undefined)
    return { code: 'never-reached', sentence: `The line was not reached${whileOf(met)}`, isCounted: true };
  return { code: 'ended', sentence: 'It ended on the agent before anything was told of it' };
}

interface Counted {
  skipped: Skipped;
  /** Passes the probe looked at. */
  seen: number;
}

/** Passes an agent's probe looked at, as far as anything it told says so: hits can be told before the count of passes. */
export function passesSeen(target: TargetRecord): number {
  return countsOf(target).seen;
}

function countsOf(target: TargetRecord): Counted {
  const { hits, taken = 0, skipped = { condition: 0, error: 0, budget: 0, queue: 0 }, passes: met, sums } = target;
  const known = Math.max(hits, taken) + skipped.condition + skipped.error + skipped.queue + (skipped.rate ?? 0);
  return { skipped, seen: Math.max(met?.seen ?? 0, known, sums?.count ?? 0) };
}

function factsOn(action: ActionRecord, target: TargetRecord, isConnected: boolean): string[] {
  const { state, at, hits, taken = 0, engine, passes: met, sums, lastError, code, message } = target;
  const { skipped, seen } = countsOf(target);
  const bound = at?.[0];
  const facts = [
    isConnected ? `Connected; the action is ${state} there.` : `Not connected; the action was ${state} there at last.`,
    bound &&
      `Bound to ${quoted(bound.file)} line ${bound.line}${bound.line === action.line ? '' : ` instead of ${action.line}`}.`,
    engine && `Observed by ${engine.name}: ${quoted(engine.why)}.`,
    (met !== undefined || seen > 0) && `Passes looked at: ${seen}${estimated(met)}.`,
    skipped.condition > 0 && `Condition false: ${skipped.condition}.`,
    skipped.error > 0 && `Condition failed: ${skipped.error}${lastError === undefined ? '' : `, last ${quoted(lastError)}`}.`,
    (skipped.rate ?? 0) > 0 && `Left out by the rate limit: ${skipped.rate}.`,
    skipped.queue > 0 && `Left out because the queue was full: ${skipped.queue}.`,
    taken > hits && surplus(action, hits, taken - hits),
    met !== undefined &&
      met.awayMs > 0 &&
      `Away ${percent(awayShare(met))} of ${seconds(met.armedMs)} to keep within its budget.`,
    met !== undefined && met.trips > 0 && `Taken away ${times(met.trips)} because one pause was too long.`,
    ...factsOfSums(sums),
    (code !== undefined || message !== undefined) && `It said ${quoted([code, message].filter(Boolean).join(': '))}.`,
  ];
  return facts.filter((fact) => typeof fact === 'string');
}

/** Nothing while the action has room: its hits can be under way. */
function surplus({ status, hits, maxHits, maxHitsPerAgent = maxHits }: ActionRecord, own: number, count: number): string | false {
  if (hits >= maxHits || own >= maxHitsPerAgent) return `Left out because the action had all the hits it may: ${count}.`;
  return status !== 'pending' && `Left out because the action had ended: ${count}.`;
}

function factsOfSums(sums: Sums | undefined): (string | false)[] {
  if (sums === undefined) return [];
  const { count, notNumbers = 0, unfinished = 0 } = sums;
  return [
    `Counted: ${count}.`,
    notNumbers > 0 && `Not a finite number: ${notNumbers}.`,
    unfinished > 0 && `Spans without an end: ${unfinished}.`,
  ];
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`);
const passes = (count: number) => `${count} ${count === 1 ? 'pass was' : 'passes were'}`;
const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
const percent = (share: number) => `${Math.round(share * 100)} %`;
const whileOf = (met: Passes | undefined) => (met === undefined || met.armedMs === 0 ? '' : ` in ${seconds(met.armedMs)}`);
const awayShare = (met: Passes | undefined) =>
  met === undefined || met.armedMs <= 0 ? 0 : Math.min(1, met.awayMs / met.armedMs);

function estimated(met: Passes | undefined): string {
  return met?.estimate === undefined ? '' : `, of about ${met.estimate.count} ± ${met.estimate.error}`;
}
