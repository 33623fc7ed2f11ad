import type { Attributes, Span } from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import { withFacts } from '../lib/call-facts.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type RefusalDetails, refusals } from '../lib/refusal.ts';
import { oneOf, type Telemetry } from './telemetry.ts';
import { type TracePlace, writeTraceparent } from './trace-context.ts';
import { inCallSpan, placeOf, type TraceOrigin } from './tracing.ts';

/** What is told of a call before it runs. */
export interface Observed {
  tool: string;
  requestId: string;
  org: string;
  /** What of the name of its span is before the tool, and what its face adds. */
  face?: { operation: string; attributes: Attributes } | undefined;
  trace?: TraceOrigin | undefined;
}

/** The part of an answer that is looked at. */
interface Told {
  refusal?: RefusalDetails;
  structured: Record<string, unknown>;
}

/** Where a call is told of. */
export interface Observing {
  telemetry: Telemetry;
  log: Log;
  clock: Clock;
  /** Names that may be a label. */
  tools: ReadonlySet<string>;
  redactionRules: ReadonlySet<string>;
}

/** Longest name of a tool in a span; real ones have at most 40 characters. */
const maxToolChars = 64;
/** Refusals that say that something is wrong with the bridge and not with the call. */
const isOurs = (code: keyof typeof refusals): boolean => refusals[code].status >= 500;

/** Runs a tool call and tells of it: a span, its numbers, and one line in the log when it has ended. The answer names the trace. */
export async function observeCall<Answer extends Told>(
  observing: Observing,
  { tool, requestId, org, face, trace }: Observed,
  run: () => Promise<Answer>,
): Promise<Answer & { trace?: TracePlace }> {
  const name = oneOf(observing.tools, tool);
  const { operation = 'execute_tool', attributes = {} } = face ?? {};
  const about = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool.slice(0, maxToolChars), ...attributes };
  return inCallSpan(`${operation} ${name}`, { ...about, 'sidelight.request.id': requestId }, trace ?? {}, (span) => {
    const place = placeOf(span, trace);
    const facts = { requestId, tool: name, org, traceId: place?.traceId };
    return withFacts(facts, place && writeTraceparent(place), async () => {
      const startedMs = observing.clock.monotonic();
      const seconds = () => (observing.clock.monotonic() - startedMs) / 1_000;
      const answer = await run().catch((problem: unknown) => {
        observing.telemetry.count('calls', { tool: name, outcome: 'failed', code: 'internal_error' });
        throw problem;
      });
      tell(observing, span, name, answer, seconds());
      return place === undefined ? answer : { ...answer, trace: place };
    });
  });
}

function tell({ telemetry, log, redactionRules }: Observing, span: Span, tool: string, answer: Told, seconds: number): void {
  const { refusal, structured } = answer;
  const outcome = refusal === undefined ? 'allowed' : refusal.code === 'internal_error' ? 'failed' : 'refused';
  const code = refusal?.code ?? '';
  telemetry.count('calls', { tool, outcome, code });
  telemetry.observe('callSeconds', { tool, outcome }, seconds);
  for (const [part, ms] of numbersIn(structured.latencyMs))
    if (part !== 'total') telemetry.observe('partSeconds', { part }, ms / 1_000);
  for (const [rule, count] of numbersIn(structured.redacted))
    telemetry.count('redactions', { rule: redactionRules.has(rule) ? rule : 'custom' }, count);
  if (refusal?.code === 'quota_exceeded') telemetry.count('quotaRefusals', { quota: String(refusal.data?.quota ?? 'other') });
  if (refusal !== undefined) {
    span.setAttributes({ 'error.type': 'tool_error', 'sidelight.refusal.code': refusal.code });
    if (isOurs(refusal.code)) span.setStatus({ code: SpanStatusCode.ERROR });
  }
  const facts = { outcome, ...(refusal === undefined ? {} : { code }), durationMs: Math.round(seconds * 1_000) };
  // A caller may be refused as often as it likes, and must not fill the log.
  if (refusal !== undefined && isOurs(refusal.code)) log.info(facts, 'call ended');
  else log.debug(facts, 'call ended');
}

function numbersIn(table: unknown): [string, number][] {
  if (typeof table !== 'object' || table === null) return [];
  return Object.entries(table).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0);
}
