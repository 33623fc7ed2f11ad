import type { Context } from 'koa';
import { cleanClientName } from './client-names.ts';

/** What oidc-provider says of an error: the sentence for the client, and what it keeps for logs. */
interface OAuthError extends Error {
  error_description?: string | undefined;
  error_detail?: string | undefined;
}

/** An error that cannot be sent to the client, in words by which a person can do something about it. */
export function explainError(
  ctx: Context,
  error: string,
  problem: OAuthError,
): { error: string; description: string | undefined } {
  const client = cleanClientName(ctx.query.client_id);
  const { error_description: description, error_detail: detail } = problem;
  const isRedirect = description?.startsWith('redirect_uris') === true;
  const isDocument = client?.startsWith('https://') === true;
  if (client === undefined || !(error.startsWith('invalid_client') || (isRedirect && isDocument))) return { error, description };
  if (!isDocument) {
    return {
      error,
      description: `This bridge does not know the client ${client}: it never registered here, or nobody signed in through it within a day.`,
    };
  }
  // One sentence for every failure: how it failed would tell strangers what listens in this network. The log has the reason.
  const isUnread = description === undefined || description.endsWith('document fetch failed');
  const why = isUnread ? 'it could not be fetched' : (detail ?? description);
  return {
    error,
    description: `The client's document ${client} is of no use: ${why}. If the bridge cannot reach it, an operator can register the client in identity.yaml (clients.known).`,
  };
}
