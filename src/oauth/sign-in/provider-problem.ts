import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { printable } from '../../identity/claim-values.ts';

/** What went wrong with the company's provider, in the four ways that matter here. */
export type ProblemKind =
  /** It does not answer, or answers with a failure of its own: later may help. */
  | 'unreachable'
  /** It ended this person's sign-in: the account is gone or disabled, or the refresh token is over. */
  | 'ended'
  /** It refused this sign-in: the person cancelled, or may not use the application. */
  | 'refused'
  /** It refuses us, or its answer does not hold: the operator has to look. */
  | 'misconfigured';

/** A failure of the company's provider. Its message is ours or printable and short; it never has a token or a claim. */
export class ProviderProblem extends Error {
  override readonly name = 'ProviderProblem';
  readonly kind: ProblemKind;
  /** OAuth's word for it, or the library's. */
  readonly code: string;

  constructor(kind: ProblemKind, code: string, message: string) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

const maxDetailChars = 300;
/** Words of RFC 6749 and OpenID Connect that say more than their status. */
const kinds: Record<string, ProblemKind> = {
  ...{ invalid_grant: 'ended', temporarily_unavailable: 'unreachable', server_error: 'unreachable' },
  ...{ access_denied: 'refused', login_required: 'refused', consent_required: 'refused', interaction_required: 'refused' },
  ...{ account_selection_required: 'refused' },
};

/** What was thrown while the provider was asked. Anything but a failure of the provider is thrown on. */
export function providerProblem(thrown: unknown): ProviderProblem {
  if (thrown instanceof ProviderProblem) return thrown;
  if (thrown instanceof ResponseBodyError || thrown instanceof AuthorizationResponseError) {
    const code = printable(thrown.error).slice(0, 64);
    const isBusy = thrown instanceof ResponseBodyError && isOutage(thrown.status);
    const kind = isBusy ? 'unreachable' : ((Object.hasOwn(kinds, code) ? kinds[code] : undefined) ?? 'misconfigured');
    const told = printable(thrown.error_description ?? '').slice(0, maxDetailChars);
    return new ProviderProblem(kind, code, told === '' ? code : `${code}: ${told}`);
  }
  if (thrown instanceof ClientError) {
    const { code = 'invalid_answer', cause } = thrown;
    if (code === 'OAUTH_TIMEOUT') return new ProviderProblem('unreachable', code, 'It did not answer in time.');
    const isBusy = cause instanceof Response && isOutage(cause.status);
    const status = cause instanceof Response ? ` (HTTP ${cause.status})` : '';
    return new ProviderProblem(isBusy ? 'unreachable' : 'misconfigured', code, `${reasonOf(thrown)}${status}`);
  }
  // `fetch` says all failures of a connection by a TypeError; the reason is its cause.
  if (thrown instanceof TypeError) {
    const { cause } = thrown as { cause?: { code?: unknown } };
    const code = typeof cause?.code === 'string' ? cause.code : 'no_connection';
    return new ProviderProblem(
      'unreachable',
      code,
      thrown.message === 'fetch failed' ? `no connection (${code})` : thrown.message,
    );
  }
  throw thrown;
}

function isOutage(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** The library's sentences say what did not hold; values are in its causes, which are left alone. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== message ? `${message}: ${cause.message}` : message;
}
