import { createHash, randomBytes } from 'node:crypto';
import type { ClientShape } from './client-shapes.ts';
import type { HandClient, TokenAnswer } from './flow.ts';
import { createBrowser } from './sign-in/browser.ts';

/** Proof of a client's identity, made anew for each request for tokens. */
export type Proof = () => Promise<{ form?: Record<string, string>; headers?: Record<string, string> }>;

/** A sign-in as this client goes about it: its person's browser, the redirect, the code, the tokens. */
export async function signInAs(
  origin: string,
  client: HandClient,
  shape: ClientShape,
  given: { clientId: string; redirect: string; proof: Proof },
): Promise<{ tokens: TokenAnswer; refresh(token: string): Promise<TokenAnswer> }> {
  const { clientId, redirect, proof } = given;
  const verifier = randomBytes(32).toString('base64url');
  const { url } = client.authorizeUrl(clientId, {
    ...{ redirect_uri: redirect, scope: shape.scope, ...shape.asks },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    ...(shape.namesResource ? {} : { resource: undefined }),
  });
  const page = await createBrowser().open(url.href, (to) => to.href.startsWith(redirect));
  const answer = page.url.searchParams;
  if (!page.url.href.startsWith(`${redirect}?`))
    throw new Error(`The sign-in ended at ${page.url.href}: ${page.status} ${page.html}`);
  if (answer.get('state') !== 'the-state' || answer.get('iss') !== origin)
    throw new Error(`A client would not believe ${page.url}.`);
  const resource: Record<string, string> = shape.namesResource ? { resource: `${origin}/mcp` } : {};
  const ask = async (form: Record<string, string>): Promise<TokenAnswer> => {
    const { form: proven = { client_id: clientId }, headers = {} } = await proof();
    const body = new URLSearchParams({ ...form, ...resource, ...proven });
    const response = await fetch(`${origin}/oauth/token`, {
      method: 'POST',
      body,
      headers: { Accept: 'application/json', ...headers },
    });
    return { status: response.status, ...((await response.json()) as object) } as TokenAnswer;
  };
  return {
    tokens: await ask({
      ...{ grant_type: 'authorization_code', redirect_uri: redirect, code: answer.get('code') ?? '' },
      code_verifier: verifier,
    }),
    refresh: (token) => ask({ grant_type: 'refresh_token', refresh_token: token }),
  };
}
