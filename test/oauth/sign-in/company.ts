import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Context } from 'koa';
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { vi } from 'vitest';

/** Somebody who has an account at the company. */
export interface Colleague {
  name: string;
  email: string;
  /** Goes into the ID token as it is, beside name and e-mail: roles, groups, nested or namespaced, as the real provider has them. */
  claims: Record<string, unknown>;
  disabled?: boolean;
}

/** A company's OpenID provider on loopback, with one client registered: us. It signs whoever `next` names in, without a page. */
export interface Company {
  issuer: string;
  clientId: string;
  clientSecret: string;
  people: Record<string, Colleague>;
  /** Subject of the person whose browser comes next; undefined: the person presses Cancel there. */
  next: string | undefined;
  /** Where nobody is signed in yet, a page with a button comes first, as at a real company. */
  asks: boolean;
  /** Sign-ins get a refresh token unless this is false. */
  refreshTokens: boolean;
  /** Answers to a refresh have an ID token unless this is false. */
  idTokenAtRefresh: boolean;
  /** Where roles and the like are told. */
  claimsIn: 'id_token' | 'userinfo';
  /** Last hand on ID tokens before they are signed. */
  forge: ((claims: JWTPayload) => JWTPayload) | undefined;
  /** Last hand on the discovery document. */
  metadata: ((document: Record<string, unknown>) => Record<string, unknown>) | undefined;
  /** Answers these paths instead of the provider, for instance with status 500 or with megabytes. */
  instead: ((path: string, response: ServerResponse) => boolean) | undefined;
  /** Every request so far, as `METHOD /path`. */
  requests: string[];
  /** Bodies of the requests to the token endpoint. */
  grants: string[];
  setRoles(subject: string, roles: string[]): void;
  disable(subject: string): void;
  /** Nobody listens any more, on the same port as before. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Answers nothing until `release`; resolves with the number of requests that wait, once there are `count`. */
  hold(): void;
  waiting(count: number): Promise<void>;
  release(): void;
  /** identity.yaml for a bridge that signs people in here. */
  policy(more?: { company?: string; claims?: string; signIn?: string }): string;
  close(): Promise<void>;
}

/** The environment variable that the policy names for the client secret. */
export const secretVariable = 'SIDELIGHT_TEST_COMPANY_SECRET';

/** Starts a company with five people: one of each role, and one of none. `host` is how it is called: another name is another site. */
export async function startCompany({ host = '127.0.0.1' } = {}): Promise<Company> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'company', alg: 'RS256', use: 'sig' };
  const requests: string[] = [];
  const grants: string[] = [];
  let held: (() => void)[] | undefined;
  let heldEnough: { count: number; tell: () => void } | undefined;

  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://${host}:${port}`;
  const clientId = 'sidelight';
  const clientSecret = 'the-secret-that-the-company-gave-us-once';
  vi.stubEnv(secretVariable, clientSecret);

  const company: Company = {
    issuer,
    clientId,
    clientSecret,
    people: {
      vera: { name: 'Vera Viewer', email: 'vera@example.com', claims: { roles: ['interns'] } },
      dev: { name: 'Dana Developer', email: 'dana@example.com', claims: { roles: ['engineering'], groups: ['team-payments'] } },
      lead: { name: 'Gil Groupadmin', email: 'gil@example.com', claims: { roles: ['engineering', 'team-leads'] } },
      boss: { name: 'Cora Admin', email: 'cora@example.com', claims: { roles: ['platform'] } },
      guest: { name: 'Gast Ohne', email: 'gast@example.com', claims: {} },
    },
    next: 'dev',
    asks: false,
    refreshTokens: true,
    idTokenAtRefresh: true,
    claimsIn: 'id_token',
    forge: undefined,
    metadata: undefined,
    instead: undefined,
    requests,
    grants,
    setRoles(subject, roles) {
      const person = company.people[subject];
      if (person !== undefined) person.claims = { ...person.claims, roles };
    },
    disable(subject) {
      const person = company.people[subject];
      if (person !== undefined) person.disabled = true;
    },
    async down() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    async up() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    hold() {
      held = [];
    },
    waiting(count) {
      if ((held?.length ?? 0) >= count) return Promise.resolve();
      return new Promise((tell) => {
        heldEnough = { count, tell };
      });
    },
    release() {
      const go = held ?? [];
      held = undefined;
      for (const one of go) one();
    },
    policy: ({ company: more = '', claims = defaultClaims, signIn = '' } = {}) => `mode: company
company:
  issuer: ${issuer}
  client_id: ${clientId}
  client_secret: { env: ${secretVariable} }
${more}
claims:
${claims}
${signIn}
`,
    async close() {
      company.release();
      if (server.listening) await company.down();
    },
  };

  const provider = new Provider(issuer, {
    jwks: { keys: [jwk] },
    cookies: { keys: ['company-cookies'] },
    // A native client may come back on any loopback port, and the bridge's is known later.
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/oauth/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    features: { devInteractions: { enabled: false } },
    conformIdTokenClaims: false,
    expiresWithSession: () => false,
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 3_600,
    },
    issueRefreshToken: async () => company.refreshTokens,
    rotateRefreshToken: true,
    interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
    findAccount(_ctx, sub) {
      const person = company.people[sub];
      if (person === undefined || person.disabled === true) return undefined;
      return { accountId: sub, claims: () => ({ sub, name: person.name, email: person.email, email_verified: true }) };
    },
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/sign-in/')) {
      await next();
      return edit(ctx, ctx.path);
    }
    await signIn(ctx.req, ctx.res);
    ctx.respond = false;
  });

  /** Signs `next` in and consents for them, as a company does for its own applications. */
  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { params, session } = await provider.interactionDetails(request, response);
    const accountId = company.next;
    if (accountId === undefined) {
      const cancelled = { error: 'access_denied', error_description: 'The person <b>cancelled</b>.' };
      return provider.interactionFinished(request, response, cancelled, { mergeWithLastSubmission: false });
    }
    if (session?.accountId !== accountId) {
      if (company.asks && request.method === 'GET') return askToSignIn(response, company.people[accountId]?.name ?? accountId);
      return provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
    }
    const grant = new provider.Grant({ accountId, clientId: String(params.client_id) });
    grant.addOIDCScope(String(params.scope));
    const consent = { grantId: await grant.save() };
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  }

  /** What the real provider would have said by itself: the person's claims, and whatever the test forges. */
  async function edit(ctx: Context, path: string): Promise<void> {
    const body = ctx.body as Record<string, unknown> | undefined;
    const { oidc } = ctx as unknown as KoaContextWithOIDC;
    if (path === '/token') grants.push(new URLSearchParams(oidc.body as Record<string, string>).toString());
    if (path === '/.well-known/openid-configuration' && company.metadata !== undefined && body !== undefined) {
      ctx.body = company.metadata(body);
    }
    if (path === '/me' && typeof body?.sub === 'string' && company.claimsIn === 'userinfo') {
      ctx.body = { ...body, ...company.people[body.sub]?.claims };
    }
    if (path !== '/token' || typeof body?.id_token !== 'string') return;
    if (oidc.params?.grant_type === 'refresh_token' && !company.idTokenAtRefresh) {
      const { id_token: _left, ...rest } = body;
      ctx.body = rest;
      return;
    }
    const claims = decodeJwt(body.id_token);
    const person = company.people[claims.sub ?? ''];
    const told = {
      ...claims,
      ...{ name: person?.name, email: person?.email, email_verified: true },
      ...(company.claimsIn === 'id_token' ? person?.claims : {}),
    };
    const signed = new SignJWT(company.forge?.(told) ?? told).setProtectedHeader({ alg: 'RS256', kid: 'company' });
    ctx.body = { ...body, id_token: await signed.sign(privateKey) };
  }

  const answer = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?')[0] ?? '';
    requests.push(`${request.method} ${path}`);
    const go = () => {
      if (company.instead?.(path, response) !== true) void answer(request, response);
    };
    if (held === undefined) return go();
    held.push(go);
    if (heldEnough !== undefined && held.length >= heldEnough.count) heldEnough.tell();
  });
  return company;
}

/** The company's page: a form that is sent to where it came from. */
function askToSignIn(response: ServerResponse, name: string): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
  const head = '<!doctype html><title>Company</title><link rel="icon" href="data:,">';
  response.end(`${head}<form method="post"><button autofocus>Sign in as ${name}</button></form>`);
}

const defaultClaims = `  role:
    from: roles
    values: { viewer: [interns], developer: [engineering], group_admin: [team-leads], company_admin: [platform] }
  groups:
    from: groups
    values: { payments: [team-payments] }`;
