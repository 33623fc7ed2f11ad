import * as jose from 'jose';
import { Refusal } from '../../lib/refusal.ts';

/** Why a token was not taken: it is worth nothing, or the provider could not be asked. */
export class CheckProblem extends Error {
  override readonly name = 'CheckProblem';
  readonly kind: 'token' | 'provider';

  constructor(kind: 'token' | 'provider', message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }

  /** What the caller is told. */
  get refusal(): Refusal {
    if (this.kind === 'token') {
      return new Refusal({ code: 'invalid_token', message: this.message, next: 'Get a new token from your provider.' });
    }
    return new Refusal({
      code: 'unavailable',
      message: "The company's provider could not be asked about the token.",
      next: 'Try again in a moment; if it stays so, the log of the bridge has the reason.',
    });
  }
}

/** What is wrong with a token, in words; what is missing here is told by the library. */
const words: Record<string, string> = {
  [jose.errors.JWTExpired.code]: 'The token has expired.',
  [jose.errors.JWSSignatureVerificationFailed.code]: 'The signature of the token is not of a key of the provider.',
  [jose.errors.JOSEAlgNotAllowed.code]: 'The token is signed with an algorithm that identity.yaml does not list.',
  [jose.errors.JWKSNoMatchingKey.code]: 'The token is signed with a key that the provider does not publish.',
  [jose.errors.JWTInvalid.code]: 'The token is malformed.',
  [jose.errors.JWSInvalid.code]: 'The token is malformed.',
};

/** Anything thrown while a token was checked. What the token itself is at fault for has its reason; the rest is the provider's. */
export function problemOf(thrown: unknown): CheckProblem {
  if (thrown instanceof CheckProblem) return thrown;
  if (thrown instanceof jose.errors.JWTClaimValidationFailed) {
    const what =
      thrown.claim === 'aud' ? 'is for another resource' : thrown.claim === 'iss' ? 'is of another issuer' : 'is not valid';
    return new CheckProblem('token', `The token ${what} (${thrown.claim}).`, thrown);
  }
  const code = thrown instanceof jose.errors.JOSEError ? thrown.code : '';
  if (words[code] !== undefined) return new CheckProblem('token', words[code], thrown);
  return new CheckProblem('provider', thrown instanceof Error ? thrown.message : String(thrown), thrown);
}
