import { cleanClientName } from './client-names.ts';
import { isNativeRedirect, type RedirectRules, redirectProblem, shapeProblem } from './redirects.ts';

/** What a client says of itself (RFC 7591 section 2), before anybody believed it. */
export type ClaimedMetadata = Record<string, unknown>;

/** Said by clients and never used here: pictures and links on our pages, other ways to be called, ceilings they set themselves. */
const dropped = [
  ...['scope', 'logo_uri', 'policy_uri', 'tos_uri', 'contacts', 'initiate_login_uri', 'sector_identifier_uri'],
  ...['default_max_age', 'default_acr_values', 'require_auth_time', 'response_modes', 'subject_type'],
];
const maxRedirectUris = 20;
/** Bytes of what a client that registers itself says; each is a row that anybody can have for a day. */
export const maxRegistrationBytes = 8 * 1024;

/** Who the operator registered. Their redirects are believed as they are written. */
export interface MetadataRules extends RedirectRules {
  known: readonly { id: string }[];
}

/**
 * Rewrites what a client says of itself into what it may be here; for self-registered clients, documents and the operator's own alike.
 * Returns why it cannot be a client; undefined when it can.
 *
 * - Loopback or private schemes make it native, whatever it says: any port, and consent each time. Documents of Claude Code, Codex and
 *   Zed have loopback URIs without port and say nothing.
 * - Its `scope` is dropped: SDKs register with the scopes of the first challenge, and a later step-up would be refused.
 * - Grants are the two there are; documents of VS Code and claude.ai list more.
 */
export function shapeClient(metadata: ClaimedMetadata, rules: MetadataRules): string | undefined {
  const uris = metadata.redirect_uris;
  if (!Array.isArray(uris) || uris.length === 0) return 'redirect_uris must have members';
  if (uris.length > maxRedirectUris) return `redirect_uris has more than ${maxRedirectUris} members`;
  const isKnown = rules.known.some(({ id }) => id === metadata.client_id);
  for (const uri of uris) {
    const problem = isKnown ? shapeProblem(uri) : redirectProblem(uri, rules);
    if (problem !== undefined) return `redirect_uris: ${JSON.stringify(String(uri).slice(0, 200))} is refused, ${problem}`;
  }
  const isStored = !isKnown && !isHttps(metadata.client_id); // a document stays where it is
  if (isStored && Buffer.byteLength(JSON.stringify(metadata)) > maxRegistrationBytes)
    return `the metadata is larger than ${maxRegistrationBytes} bytes`;
  for (const name of dropped) metadata[name] = undefined;
  const { token_endpoint_auth_method: method } = metadata;
  if (method !== 'private_key_jwt') metadata.token_endpoint_auth_signing_alg = undefined;
  // One is made for whoever names no method, and the method is then none.
  if (method === 'none') metadata.client_secret = metadata.client_secret_expires_at = undefined;
  metadata.client_name = cleanClientName(metadata.client_name);
  if (!isHttps(metadata.client_uri)) metadata.client_uri = undefined;
  metadata.application_type = uris.some((uri: string) => isNativeRedirect(uri)) ? 'native' : 'web';
  metadata.grant_types = ['authorization_code', 'refresh_token'];
  metadata.response_types = ['code'];
  metadata.id_token_signed_response_alg = 'EdDSA';
  return undefined;
}

function isHttps(uri: unknown): boolean {
  return typeof uri === 'string' && URL.canParse(uri) && new URL(uri).protocol === 'https:';
}
