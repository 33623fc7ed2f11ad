/** A place in a trace, as in W3C Trace Context. */
export interface TracePlace {
  /** 32 hex digits, not all zero. */
  traceId: string;
  /** 16 hex digits, not all zero. */
  spanId: string;
  isSampled: boolean;
}

/** Version 00; a later version may go on behind the flags. `ff` is no version. */
const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const maxTraceparentChars = 200;

/** Reads a `traceparent`; undefined for anything that is none, which W3C Trace Context says to ignore. */
export function readTraceparent(text: unknown): TracePlace | undefined {
  if (typeof text !== 'string' || text.length > maxTraceparentChars) return undefined;
  const [, version, traceId, spanId, flags, rest] = form.exec(text.trim()) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && rest !== undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes a `traceparent`. */
export function writeTraceparent({ traceId, spanId, isSampled }: TracePlace): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
