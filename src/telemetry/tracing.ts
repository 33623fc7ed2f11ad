import {
  type Attributes,
  type Context,
  context,
  createTraceState,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { readTraceparent, type TracePlace } from './trace-context.ts';

/**
 * Spans through the API of OpenTelemetry alone: without an SDK in the process (`node --import …`) nothing is recorded and next to
 * nothing is done. Who records, what is sampled and where it goes is the operator's.
 */

/** W3C allows 512 characters; what is longer is dropped, as it says. */
const maxTracestateChars = 512;

/** What a caller sent of a trace it is in. */
export interface SentTrace {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
}

/** Only that of headers or fields, which may hold secrets beside it. */
export function sentIn({ traceparent, tracestate }: Readonly<Record<string, unknown>> = {}): SentTrace {
  return { traceparent, tracestate };
}

/** Where a call came from: the message itself (MCP `_meta`), or the HTTP request that carried it. */
export interface TraceOrigin {
  message?: SentTrace | undefined;
  request?: SentTrace | undefined;
}

const tracer = () => trace.getTracer('sidelight');

/** The place in a trace that a call is in, with a span of our own or without. */
export function placeOf(span: Span | undefined, { message, request }: TraceOrigin = {}): TracePlace | undefined {
  const own = span?.spanContext();
  if (own !== undefined && trace.isSpanContextValid(own)) return toPlace(own);
  return readTraceparent(message?.traceparent) ?? readTraceparent(request?.traceparent);
}

/**
 * Runs a call in a span of its own. What the message says is its parent, for it knows the client's own span; else a span that is active
 * already (of an HTTP instrumentation), else what the request says. A transport's span that is not the parent is linked.
 */
export function inCallSpan<T>(
  name: string,
  attributes: Attributes,
  origin: TraceOrigin,
  run: (span: Span) => Promise<T>,
): Promise<T> {
  const around = context.active();
  const transport = trace.getSpanContext(around);
  const fromMessage = remoteOf(origin.message);
  const parent = fromMessage ?? (transport === undefined ? remoteOf(origin.request) : undefined);
  const links: Link[] = fromMessage !== undefined && transport !== undefined ? [{ context: transport }] : [];
  const within: Context = parent === undefined ? around : trace.setSpanContext(around, parent);
  return tracer().startActiveSpan(name, { kind: SpanKind.SERVER, attributes, links }, within, (span) =>
    ended(span, () => run(span)),
  );
}

/** Runs a part of what is under way in a span of its own; outside of a recorded span in none. */
export async function inSpan<T>(
  name: string,
  run: () => Promise<T> | T,
  attributes: Attributes = {},
  kind = SpanKind.INTERNAL,
): Promise<T> {
  if (trace.getActiveSpan()?.isRecording() !== true) return run();
  return tracer().startActiveSpan(name, { kind, attributes }, (span) => ended(span, async () => run()));
}

/** Runs what an agent sent in a span of its own, linked to the span that asked for it: it may be long over. */
export function inLinkedSpan<T>(
  name: string,
  traceparent: string | undefined,
  attributes: Attributes,
  run: () => Promise<T>,
): Promise<T> {
  const asked = remoteOf({ traceparent });
  const links: Link[] = asked === undefined ? [] : [{ context: asked }];
  return tracer().startActiveSpan(name, { kind: SpanKind.CONSUMER, root: true, links, attributes }, (span) => ended(span, run));
}

/** What was thrown is named by its type alone: its message may quote a value. */
async function ended<T>(span: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (problem) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute('error.type', problem instanceof Error ? problem.name : typeof problem);
    throw problem;
  } finally {
    span.end();
  }
}

function remoteOf(sent: SentTrace | undefined): SpanContext | undefined {
  const place = readTraceparent(sent?.traceparent);
  if (place === undefined) return undefined;
  const { tracestate } = sent ?? {};
  const state =
    typeof tracestate === 'string' && tracestate !== '' && tracestate.length <= maxTracestateChars
      ? { traceState: createTraceState(tracestate) }
      : {};
  const traceFlags = place.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return { traceId: place.traceId, spanId: place.spanId, traceFlags, isRemote: true, ...state };
}

function toPlace({ traceId, spanId, traceFlags }: SpanContext): TracePlace {
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) === TraceFlags.SAMPLED };
}
