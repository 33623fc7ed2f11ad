import { createHash, randomBytes } from 'node:crypto';
import { redirectUri, signIn } from './sdk-clients.ts';
import { type Browser, createBrowser } from './sign-in/browser.ts';

export { redirectUri };

/** What the token endpoint answers. */
export interface TokenAnswer {
  status: number;
  access_token: string;
  refresh_token: string;
  scope: string;
  expires_in: number;
  error?: string;
  error_description?: string;
}

/** A code and what it takes to redeem it. */
export interface Redeemable {
  code: string;
  verifier: string;
  clientId: string;
}

/** A client by hand, for what no SDK would send. */
export interface HandClient {
  register(metadata?: Record<string, unknown>): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Where the person is sent; every parameter can be made different, or left out by `undefined`. */
  authorizeUrl(clientId: string, changes?: Record<string, string | undefined>): { url: URL; verifier: string };
  /** Signs the person in; answers with a code, or throws what came instead. */
  code(clientId: string, changes?: Record<string, string | undefined>, browser?: Browser): Promise<Redeemable>;
  redeem(redeemable: Redeemable, changes?: Record<string, string | undefined>): Promise<TokenAnswer>;
  refresh(refreshToken: string, clientId: string, changes?: Record<string, string>): Promise<TokenAnswer>;
  revoke(token: string, clientId: string): Promise<number>;
  /** All of it: a registered client with its tokens. */
  tokens(changes?: Record<string, string | undefined>): Promise<TokenAnswer & { clientId: string }>;
  /** Asks the bridge something with this token: the status, and the challenge where there is one. */
  call(
    token: string,
    tool?: string,
    args?: Record<string, unknown>,
  ): Promise<{ status: number; challenge: string | null; body: unknown }>;
}

/** A client of the bridge at this origin. */
export function handClient(origin: string): HandClient {
  async function post(path: string, form: Record<string, string | undefined>): Promise<TokenAnswer> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value);
    const response = await fetch(`${origin}${path}`, { method: 'POST', body });
    const text = await response.text();
    return { status: response.status, ...(text.startsWith('{') ? (JSON.parse(text) as object) : {}) } as TokenAnswer;
  }

  const client: HandClient = {
    async register(metadata = {}) {
      const response = await fetch(`${origin}/oauth/register`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ client_name: 'By hand', redirect_uris: [redirectUri], ...metadata }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },

    authorizeUrl(clientId, changes = {}) {
      const verifier = randomBytes(32).toString('base64url');
      const url = new URL('/oauth/authorize', origin);
      const parameters = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: 'runtime:read runtime:capture',
        state: 'the-state',
        resource: `${origin}/mcp`,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...changes,
      };
      for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
      return { url, verifier };
    },

    async code(clientId, changes, browser = createBrowser()) {
      const { url, verifier } = client.authorizeUrl(clientId, changes);
      const answer = await signIn(url, browser);
      const code = answer.get('code');
      if (code === null) throw new Error(`${answer.get('error')}: ${answer.get('error_description')}`);
      return { code, verifier, clientId };
    },

    redeem: ({ code, verifier, clientId }, changes = {}) =>
      post('/oauth/token', {
        grant_type: 'authorization_code',
        client_id: clientId,
        redirect_uri: redirectUri,
        code,
        code_verifier: verifier,
        ...changes,
      }),

    refresh: (refreshToken, clientId, changes = {}) =>
      post('/oauth/token', { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken, ...changes }),

    revoke: async (token, clientId) => (await post('/oauth/revoke', { token, client_id: clientId })).status,

    async tokens(changes) {
      const { body } = await client.register();
      const clientId = String(body.client_id);
      return { ...(await client.redeem(await client.code(clientId, changes))), clientId };
    },

    async call(token, tool = 'get_status', args = {}) {
      const response = await fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } }),
      });
      const text = await response.text();
      const data =
        text
          .split('\n')
          .find((line) => line.startsWith('data: '))
          ?.slice(6) ?? text;
      return { status: response.status, challenge: response.headers.get('www-authenticate'), body: JSON.parse(data) as unknown };
    },
  };
  return client;
}
