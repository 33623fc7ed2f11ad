import type { ClientMetadata } from 'oidc-provider';
import type { IdentityPolicy } from '../identity/identity-policy.ts';
import { readSecret } from '../identity/read-secret.ts';
import { hashToken } from '../identity/token-form.ts';

/** The clients an operator registered, with the hashes of their secrets. Refuses with `unavailable` when a secret is not there. */
export async function knownClients({ clients }: IdentityPolicy): Promise<ClientMetadata[]> {
  return Promise.all(
    clients.known.map(async ({ id, name, redirect_uris, client_secret: source }) => ({
      ...{ client_id: id, client_name: name, redirect_uris },
      ...(source === undefined
        ? { token_endpoint_auth_method: 'none' as const }
        : { token_endpoint_auth_method: 'client_secret_basic' as const, client_secret: hashToken(await readSecret(source)) }),
    })),
  );
}
