/**
 * Every expected no, in one table: HTTP status where the transport itself refuses, and what the code means.
 * `docs/errors.md` is printed from it.
 */
export const refusals = {
  missing_token: { status: 401, meaning: 'The request carries no bearer token.' },
  invalid_token: { status: 401, meaning: 'The token is malformed, unknown, expired or revoked.' },
  insufficient_scope: { status: 403, meaning: 'The caller is known, but its scopes or permissions do not cover this tool.' },
  org_access_denied: { status: 403, meaning: 'The role does not have this tool, or not on this pool, service or action.' },
  unsupported_tool: { status: 404, meaning: 'No such tool, or this deployment does not expose it.' },
  not_found: { status: 404, meaning: 'No connected source, action or agent fits what was asked.' },
  invalid_input: {
    status: 400,
    meaning: 'An argument is missing, of the wrong type or malformed, or asks for what the agent cannot do.',
  },
  limit_exceeded: { status: 400, meaning: 'An argument asks for more than a fixed ceiling allows.' },
  invalid_location: { status: 400, meaning: 'The file or line cannot be bound on the agent.' },
  invalid_expression: {
    status: 400,
    meaning: 'A condition or expression is not in the safe grammar, or names what is not in scope.',
  },
  quota_exceeded: { status: 429, meaning: 'A quota is spent; the refusal says how much is left and when it renews.' },
  too_busy: { status: 429, meaning: 'Too many calls of this caller are waiting already.' },
  cancelled: { status: 499, meaning: 'The caller cancelled the call, or went away, before it ran.' },
  upstream_error: { status: 502, meaning: 'The agent did not answer in time, or answered with an error.' },
  malformed_json: { status: 400, meaning: 'The body is not JSON, or has too many levels or values.' },
  invalid_message: { status: 400, meaning: 'The body is not one JSON-RPC 2.0 message; batches are not taken.' },
  method_not_allowed: { status: 405, meaning: 'The path does not take this HTTP method.' },
  payload_too_large: { status: 413, meaning: 'The body is larger than the bridge takes.' },
  unsupported_media_type: { status: 415, meaning: 'The body is not declared as application/json.' },
  forbidden_origin: { status: 403, meaning: 'A web page of this origin may not call the bridge.' },
  unknown_host: { status: 421, meaning: 'The Host header names another server; this stops DNS rebinding.' },
  unavailable: { status: 503, meaning: 'The bridge is starting, draining or cannot reach its storage.' },
  internal_error: { status: 500, meaning: 'A defect in the bridge; the log has the details under the request id.' },
} as const;

export type RefusalCode = keyof typeof refusals;

/** What a caller is told: a stable code, a sentence, the field at fault and the next step. */
export interface RefusalDetails {
  code: RefusalCode;
  message: string;
  /** Dotted path of the argument at fault, for example `source.service`. */
  field?: string;
  next?: string;
  /** Facts for machines: what is left, when it renews, what would have been possible. Never captured values. */
  data?: Record<string, unknown>;
}

/** An expected no. Anything else thrown is a bug. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly details: RefusalDetails;

  constructor(details: RefusalDetails) {
    super(details.message);
    this.details = details;
  }

  get code(): RefusalCode {
    return this.details.code;
  }
}
