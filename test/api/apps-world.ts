import { expect } from 'vitest';
import { operatorOf } from '../../src/authorization/administer.ts';
import { askControl } from '../../src/control.ts';
import type { Role } from '../../src/identity/principal.ts';
import { issueKey } from '../../src/keys.ts';
import { policiesWith } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type HandClient, handClient, type Redeemable, redirectUri, type TokenAnswer } from '../oauth/flow.ts';
import { createBrowser, openLink } from '../oauth/sign-in/browser.ts';
import { postgresWorld } from '../storage/engines.ts';
import type { Told } from './keys-world.ts';

/** A person, what they are at this bridge, and what the client asks for. */
interface Signing {
  name: string;
  role?: Role;
  scope?: string;
  /** The client that asks; one that registers itself where it is left out. */
  clientId?: string;
}

/** An app that somebody connected: its tokens, and the id it is listed under. */
export interface Connected extends TokenAnswer {
  clientId: string;
  id: string;
}

/** A bridge over one storage, whose people sign in on this computer by real pages. */
export interface AppsWorld {
  bridge: TestBridge;
  client: HandClient;
  /** Asks the API; `as` is a token or a key. */
  send(as: string, method: string, path: string): Promise<Told>;
  /** Somebody signs in and presses Allow; the code waits to be redeemed. */
  consent(signing: Signing): Promise<Redeemable>;
  /** All of it, up to the tokens. */
  connect(signing: Signing): Promise<Connected>;
  /** An API key of an organisation. */
  key(rights: { role?: Role; scopes?: string[]; org?: string; owner?: string }): Promise<string>;
  close(): Promise<void>;
}

/** A client that the operator registered, and one that is told by a document at its own URL. */
export const knownClient = 'night-watch';
export const documentClient = 'https://ide.example.com/client.json';

const identity = `mode: local
clients:
  known: [{ id: ${knownClient}, name: Night Watch, redirect_uris: ['${redirectUri}'] }]
`;
const clientDocument = {
  ...{ client_id: documentClient, client_name: 'Documented', redirect_uris: [redirectUri] },
  token_endpoint_auth_method: 'none',
};

/** Starts a bridge where nobody has signed in yet. */
export async function appsWorld(engine: 'embedded' | 'postgres' = 'embedded'): Promise<AppsWorld> {
  const database = engine === 'postgres' ? await postgresWorld() : undefined;
  const policies = await policiesWith({ 'identity.yaml': identity });
  const settings = { policies: policies.directory, ...(database?.url !== undefined && { 'database-url': database.url }) };
  const bridge = await startBridge(settings, undefined, { fetch: async () => Response.json(clientDocument) });
  const client = handClient(bridge.url.origin);

  const send: AppsWorld['send'] = async (as, method, path) => {
    const response = await fetch(new URL(`/api/v1${path}`, bridge.url), {
      method,
      headers: { Authorization: `Bearer ${as}`, 'User-Agent': 'terraform/1.9' },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Told['body'] };
  };

  async function consent(signing: Signing): Promise<Redeemable> {
    const clientId = signing.clientId ?? String((await client.register()).body.client_id);
    return allowed(bridge.directory, client, clientId, signing);
  }

  return {
    ...{ bridge, client, send },
    consent,
    async connect(signing) {
      const redeemable = await consent(signing);
      const tokens = await client.redeem(redeemable);
      const me = await send(tokens.access_token, 'GET', '/me');
      return { ...tokens, clientId: redeemable.clientId, id: String(me.body.credentialId) };
    },
    async key({ role = 'developer', scopes = ['runtime:read'], org = 'default', owner = 'service:ci' }) {
      const rights = { role, scopes, permissions: ['dev_api'], groups: ['everyone'] };
      const grant = operatorOf(org).create({ kind: 'api', name: 'test', org, owner, ...rights });
      return (await issueKey(bridge.bridge.desk, grant)).secret;
    },
    async close() {
      await bridge.close();
      await policies.remove();
      await database?.close();
    },
  };
}

/** Signs somebody in by a link of the operator of this data, and presses Allow for a client. */
export async function allowed(
  directory: string,
  client: HandClient,
  clientId: string,
  { name, role = 'developer', scope = 'runtime:read' }: Signing,
): Promise<Redeemable> {
  const browser = createBrowser();
  const { result } = (await askControl(directory, 'people.link', { name, role })) ?? {};
  await openLink(browser, String(Reflect.get(Object(result), 'link')));
  const { url, verifier } = client.authorizeUrl(clientId, { scope });
  const toClient = ({ href }: URL) => href.startsWith(redirectUri);
  const page = await browser.open(url.href, toClient);
  expect(page.status, page.html).toBe(200);
  const next = await browser.submit(page, 'allow');
  const answer = toClient(next.url) ? next.url : (await browser.open(next.url.href, toClient)).url;
  return { clientId, verifier, code: String(answer.searchParams.get('code')) };
}
