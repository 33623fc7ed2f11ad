import type { RefusalCode, RefusalDetails } from '../lib/refusal.ts';

/** JSON-RPC 2.0 section 5.1, and MCP's own for resources; every other code is in the range left to servers. */
const codes: Partial<Record<RefusalCode, number>> = {
  malformed_json: -32_700,
  invalid_message: -32_600,
  invalid_input: -32_602,
  limit_exceeded: -32_602,
  internal_error: -32_603,
};
const otherCode = -32_000;
/** Of the 2025 revisions; the SDK of 2026-07-28 writes it as -32602, which is right there. */
const resourceNotFound = -32_002;

/** A refusal where the protocol knows errors only; both SDKs pass code, message and data on as they are. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure';
  readonly code: number;
  readonly data: Record<string, unknown>;

  constructor(code: number, message: string, data: Record<string, unknown>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** A refusal as a JSON-RPC error with the same facts. */
export function failureOf({ code, message, field, next, data }: RefusalDetails, requestId: string): RpcFailure {
  const facts = { ...data, code, field, next, requestId };
  return new RpcFailure(codes[code] ?? otherCode, next === undefined ? message : `${message} ${next}`, facts);
}

/** The refusal `not_found` for a resource; `uri` is in the data, as the specification asks. */
export function missingResource(uri: string, details: RefusalDetails, requestId: string): RpcFailure {
  const { message, data } = failureOf(details, requestId);
  return new RpcFailure(resourceNotFound, message, { ...data, uri });
}

/** Refuses the cursor of a list that has one page. */
export function refuseCursor(cursor: string | undefined, requestId: string): void {
  if (cursor === undefined) return;
  const message = 'This list has one page; no cursor was given out.';
  throw failureOf({ code: 'invalid_input', message, field: 'cursor', next: 'Leave it out.' }, requestId);
}
