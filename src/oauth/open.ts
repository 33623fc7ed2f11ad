import type { Context, Middleware } from 'koa';
import type { AuditStore } from '../audit/record.ts';
import type { TokenVerifier } from '../identity/authenticate.ts';
import type { IdentityPolicy } from '../identity/identity-policy.ts';
import type { PeopleStore } from '../identity/people.ts';
import type { Secrets } from '../identity/secrets.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { isLoopbackName } from '../lib/loopback.ts';
import type { Accounts } from './accounts.ts';
import { noteInAudit } from './audit-events.ts';
import { resourceMetadata } from './discovery.ts';
import type { NoteEvent } from './events.ts';
import { createGrants, type Grants } from './grants.ts';
import type { Interactions } from './interactions.ts';
import { knownClients } from './known-clients.ts';
import { loadOidcProvider } from './provider.ts';
import { publicFetch } from './public-fetch.ts';
import type { OAuthRecordStore } from './records.ts';
import { openCompanyTokens } from './resource-server/company-tokens.ts';
import { createAuthorizationServer, type FetchAbout } from './server.ts';
import { cookieKeys } from './signing-keys.ts';
import { noteStepUp } from './step-up.ts';
import { createTokenVerifier } from './verify-token.ts';

/** How people sign in: who they are, and the pages on the way. */
export interface SignIn {
  accounts: Accounts;
  /** The pages, once it is known where the bridge is. */
  pages(door: { interactions: Interactions; origin: string }): Middleware;
  /** Shows a person an error that cannot be sent to the client. */
  showError(ctx: Context, error: { error: string; description: string | undefined }): void | Promise<void>;
}

/** What people sign in with, as the HTTP side serves it. */
export interface OAuthFace {
  /** Origin of the bridge as people know it. */
  origin: string;
  /** The document of RFC 9728. */
  metadata: Middleware;
  /** The authorization server and its pages; absent where the company's provider is the authorization server. */
  server?: { serve: Middleware; pages: Middleware };
}

/** Everything about people and their tokens. */
export interface OAuth {
  /** Checks the tokens of people. */
  tokens?: TokenVerifier | undefined;
  /** What people connected; absent where the company's provider keeps that. */
  grants?: Grants;
  /** Notes that the holder of a grant was asked for more scopes. */
  challenged?(grantId: string): Promise<void>;
  /** Sign the cookies of a sign-in, the newest first. */
  cookieKeys?: string[];
  /** Once it is known where the bridge is. */
  faceAt(origin: string): OAuthFace;
}

interface OAuthSettings {
  policy: IdentityPolicy;
  /** Undefined: the bridge is known by the address it listens on. */
  publicUrl: URL | undefined;
  secrets: Secrets;
  records: OAuthRecordStore;
  audit: AuditStore;
  clock: Clock;
  log: Log;
  /** Told the id of a grant that was taken back. */
  ended(grantId: string): void;
  fetch?: FetchAbout | undefined;
  /** How people sign in at this bridge. */
  signIn?: SignIn | undefined;
  /** People who came with a token of the company's provider, where that serves MCP clients itself. */
  people: PeopleStore;
}

/** How people get in, as identity.yaml says; undefined when only keys are taken. */
export async function openOAuth(settings: OAuthSettings): Promise<OAuth | undefined> {
  const { policy, publicUrl, signIn, log } = settings;
  if (policy.mode === 'resource_server') return resourceServer(settings);
  if (policy.mode === 'local' && publicUrl !== undefined && !isLoopbackName(publicUrl.hostname)) {
    log.info(
      'People cannot sign in: identity.yaml says mode: local, which is for loopback. Keys work; set mode: company for people.',
    );
    return undefined;
  }
  return signIn && authorizationServer(settings, signIn);
}

/** The company's provider lets clients in; this bridge says where that is, and checks what clients bring from there. */
async function resourceServer({ policy, people, clock, log }: OAuthSettings): Promise<OAuth> {
  const issuer = String(policy.resource_server?.issuer);
  let resource = '';
  return {
    tokens: await openCompanyTokens({ policy, people, resource: () => resource, clock, log }),
    faceAt(origin) {
      resource = `${origin}/mcp`;
      return { origin, metadata: resourceMetadata({ origin, issuer }) };
    },
  };
}

/** The embedded authorization server with everything around it, for people who sign in here or at the company. */
async function authorizationServer(settings: OAuthSettings, signIn: SignIn): Promise<OAuth> {
  const { policy, secrets, records, audit, clock, log, ended, fetch = publicFetch } = settings;
  const { accounts } = signIn;
  const [oidc, known] = await Promise.all([loadOidcProvider(log), knownClients(policy)]);
  const note: NoteEvent = noteInAudit({ audit, accounts, clock });
  let resource = '';
  return {
    tokens: createTokenVerifier({ records, accounts, clock, resource: () => resource }),
    grants: createGrants({ records, clock, log, note, ended }),
    challenged: (grantId) => noteStepUp(records, grantId, clock),
    cookieKeys: cookieKeys(secrets),
    faceAt(origin) {
      const { showError } = signIn;
      const server = createAuthorizationServer({
        ...{ oidc, origin, policy, secrets, known, records, accounts, clock, log, note, ended, fetch, showError },
      });
      resource = server.resource;
      const pages = signIn.pages({ interactions: server.interactions, origin });
      return { origin, metadata: resourceMetadata({ origin, issuer: server.issuer }), server: { serve: server.serve, pages } };
    },
  };
}
