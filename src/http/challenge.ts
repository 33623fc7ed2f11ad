import type { Principal } from '../identity/principal.ts';
import { type RefusalDetails, refusals } from '../lib/refusal.ts';

/** What a client asks for to begin with: it covers all but administration, so that most never have to step up. */
const firstScope = 'runtime:read runtime:capture';

/**
 * The value of `WWW-Authenticate` (RFC 6750 section 3, RFC 9728 section 5.1) for a refusal that signing in can mend; undefined for
 * others. `resourceMetadata` is where clients learn who lets them in, where somebody does.
 */
export function challengeOf(details: RefusalDetails, resourceMetadata: string | undefined): string | undefined {
  const parts = ['realm="sidelight"', ...(resourceMetadata === undefined ? [] : [`resource_metadata="${resourceMetadata}"`])];
  if (details.code === 'insufficient_scope') {
    parts.push(`scope="${quotable(String(details.data?.scope ?? firstScope))}"`, ...errorOf('insufficient_scope', details));
  } else if (refusals[details.code].status === 401) {
    parts.push(`scope="${firstScope}"`);
    // Without a token the challenge must not carry an error (RFC 6750 section 3.1).
    if (details.code !== 'missing_token') parts.push(...errorOf('invalid_token', details));
  } else return undefined;
  return `Bearer ${parts.join(', ')}`;
}

/** The challenge where this caller can answer it: keys get no more rights in a browser. */
export function challengeFor(
  principal: Principal,
  details: RefusalDetails,
  resourceMetadata: string | undefined,
): string | undefined {
  return principal.kind === 'person' ? challengeOf(details, resourceMetadata) : undefined;
}

function errorOf(code: string, { message }: RefusalDetails): string[] {
  return [`error="${code}"`, `error_description="${quotable(message)}"`];
}

/** A sentence in the characters that RFC 6750 section 3 allows; Node refuses to send a header with others. */
function quotable(sentence: string): string {
  return sentence
    .replaceAll('…', '...')
    .replace(/["\\]/g, "'")
    .replace(/[^ -~]/g, '?');
}
