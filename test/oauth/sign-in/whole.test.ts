import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askControl } from '../../../src/control.ts';
import { startBridge, type TestBridge } from '../../helpers/bridge.ts';
import { type HandClient, handClient, redirectUri } from '../flow.ts';
import { type Browser, createBrowser, openLink, type Page } from './browser.ts';
import { type Company, startCompany } from './company.ts';

const toClient = (url: URL) => url.href.startsWith(redirectUri);

/** A bridge with this identity.yaml, and what takes it down again. */
async function bridgeWith(identity: string): Promise<{ bridge: TestBridge; policies: string; close(): Promise<void> }> {
  const data = await mkdtemp(join(tmpdir(), 'sidelight-sign-in-'));
  const policies = join(data, 'policies');
  await cp(fileURLToPath(new URL('../../../policies', import.meta.url)), policies, { recursive: true });
  await writeFile(join(policies, 'identity.yaml'), identity);
  const bridge = await startBridge({ data, policies });
  const close = async () => {
    await bridge.close();
    await rm(data, { recursive: true, force: true });
  };
  return { bridge, policies, close };
}

/** Everything a client does up to its tokens, with a person who presses Allow. */
async function tokens(client: HandClient, browser: Browser) {
  const { body } = await client.register();
  const clientId = String(body.client_id);
  const { url, verifier } = client.authorizeUrl(clientId);
  const page = await browser.open(url.href, toClient);
  expect(page.status, page.html).toBe(200);
  const answer = await allow(browser, page);
  const code = answer.searchParams.get('code');
  if (code === null) throw new Error(`No code came: ${answer.href}`);
  return { clientId, page, ...(await client.redeem({ code, verifier, clientId })) };
}

/** Presses Allow, and follows until the client is told. */
async function allow(browser: Browser, page: Page): Promise<URL> {
  const next = await browser.submit(page, 'allow');
  return toClient(next.url) ? next.url : (await browser.open(next.url.href, toClient)).url;
}

describe('a bridge whose people sign in at the company', () => {
  let company: Company;
  let world: Awaited<ReturnType<typeof bridgeWith>>;
  let client: HandClient;
  let browser: Browser;
  beforeAll(async () => {
    company = await startCompany();
    world = await bridgeWith(company.policy());
    client = handClient(world.bridge.url.origin);
  });
  afterAll(async () => {
    await world?.close();
    await company.close();
  });
  beforeEach(() => {
    browser = createBrowser();
  });
  const order = (name: string, input: object) =>
    askControl(world.bridge.directory, name, { org: 'default', ...input }).then((asked) => asked?.result);
  const records = async () =>
    (await world.bridge.bridge.audit.recent('default', 100)).map(({ event, subject, role }) => ({ event, subject, role }));

  it('lets a developer use tools through a client that registered itself', async () => {
    company.next = 'dev';
    const { page, access_token: token } = await tokens(client, browser);
    expect(page.html).toContain('By hand wants to use Sidelight as you');
    const { status, body } = await client.call(token);
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain('developer');
    expect(await records()).toContainEqual({ event: 'sign_in', subject: 'user:dev', role: 'developer' });
    expect(await records()).toContainEqual({ event: 'consent_given', subject: 'user:dev', role: 'developer' });
  });

  it('puts somebody out at the next refresh who lost their role at the company, and at the next request', async () => {
    company.next = 'lead';
    const { clientId, access_token: access, refresh_token: refresh } = await tokens(client, browser);
    company.setRoles('lead', ['engineering']);
    const demoted = await client.refresh(refresh, clientId);
    expect(demoted.status).toBe(200);
    expect(JSON.stringify((await client.call(demoted.access_token)).body)).toContain('developer');
    company.setRoles('lead', []);
    expect(await client.refresh(demoted.refresh_token, clientId)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect((await client.call(access)).status).toBe(401);
    expect((await records()).map(({ event }) => event)).toEqual(expect.arrayContaining(['role_changed', 'sign_in_denied']));
  });

  it('puts somebody out at the next request whom the operator disabled, until they are enabled and sign in again', async () => {
    company.next = 'boss';
    const { access_token: access } = await tokens(client, browser);
    expect((await client.call(access)).status).toBe(200);
    await order('people.disable', { subject: 'boss' });
    expect((await client.call(access)).status).toBe(401);
    await expect(order('people.disable', { subject: 'boss' })).rejects.toMatchObject({ details: { code: 'invalid_input' } });
    await expect(order('people.disable', { subject: 'nobody' })).rejects.toMatchObject({ details: { code: 'not_found' } });
    const refused = await browser.open(client.authorizeUrl(String((await client.register()).body.client_id)).url.href, toClient);
    expect(refused.status).toBe(403);
    await order('people.enable', { subject: 'user:boss' });
    expect((await client.call(access)).status).toBe(401); // what was allowed before is gone
    expect((await client.call((await tokens(client, browser)).access_token)).status).toBe(200);
    const people = JSON.stringify(await order('people.list', {}));
    expect(people).toContain('user:boss');
    expect(people).not.toContain('sealed');
    expect((await records()).map(({ event }) => event)).toEqual(
      expect.arrayContaining(['person_disabled', 'person_enabled', 'grant_revoked']),
    );
  });

  /** A key of somebody who signed in, and whether it opens the door. */
  const keyOf = async (owner: string) => {
    const request = { ...{ org: 'default', kind: 'api', owner, name: 'laptop', role: 'company_admin', groups: [] } };
    const rights = { scopes: ['runtime:read'], permissions: ['dev_api'] };
    const { secret } = (await order('keys.create', { ...request, ...rights })) as { secret: string };
    return secret;
  };
  const statusOf = async (secret: string) =>
    (await fetch(new URL('/api/v1/me', world.bridge.url), { headers: { authorization: `Bearer ${secret}` } })).status;

  it('frees a name with everything that belonged to it', async () => {
    company.next = 'dev';
    const { access_token: access } = await tokens(client, browser);
    const key = await keyOf('user:dev');
    expect([await statusOf(key), await statusOf(access)]).toEqual([200, 200]);
    await order('people.disable', { subject: 'dev' });
    await expect(order('people.forget', { subject: 'dev' })).rejects.toMatchObject({ details: { code: 'invalid_input' } });
    await order('people.enable', { subject: 'dev' });
    await order('people.forget', { subject: 'dev' });
    expect(JSON.stringify(await order('people.list', {}))).not.toContain('user:dev');
    expect(await statusOf(key)).toBe(401);
    const { access_token: anew } = await tokens(client, browser);
    expect([await statusOf(key), await statusOf(access), await statusOf(anew)]).toEqual([401, 401, 200]);
    expect((await records()).map(({ event }) => event)).toEqual(expect.arrayContaining(['person_forgotten', 'key_revoked']));
  });

  it('has no links and no local page', async () => {
    await expect(order('people.link', {})).rejects.toMatchObject({ details: { code: 'unavailable' } });
    expect(world.bridge.signInLink).toBeUndefined();
    expect((await fetch(new URL('/oauth/local', world.bridge.url))).status).toBe(404);
  });

  it('shows a page of its own where a request cannot be answered to any client', async () => {
    const page = await browser.open(client.authorizeUrl('<b>nobody</b>').url.href);
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(page.html).toContain('This sign-in cannot begin');
    expect(page.html).not.toContain('<b>nobody');
  });
});

describe('a bridge on loopback without a company', () => {
  it('lets the operator in by a link that works once', async () => {
    const world = await bridgeWith('mode: local');
    try {
      const client = handClient(world.bridge.url.origin);
      const browser = createBrowser();
      const link = (await world.bridge.signInLink?.()) ?? '';
      expect(link).toMatch(new RegExp(`^${world.bridge.url.origin}/oauth/local\\?ticket=[0-9A-Za-z]{43}$`));
      expect((await openLink(browser, link)).status).toBe(200);
      const { access_token: access, clientId, refresh_token: refresh } = await tokens(client, browser);
      expect(JSON.stringify((await client.call(access)).body)).toContain('company_admin');
      expect((await client.refresh(refresh, clientId)).status).toBe(200);
      expect((await createBrowser().open(link)).status).toBe(400);
      const again = await browser.open(client.authorizeUrl(clientId).url.href, toClient);
      expect(again.html).toContain('Who are you?'); // a link is good for one client
      const asked = await askControl(world.bridge.directory, 'people.link', { name: 'dana', role: 'developer' });
      expect(asked?.result).toEqual({ link: expect.stringContaining('/oauth/local?ticket=') });
      const recorded = await world.bridge.bridge.audit.recent('default', 1);
      expect(recorded).toMatchObject([{ event: 'link_made', subject: 'user:dana', after: { role: 'developer' } }]);
    } finally {
      await world.close();
    }
  });

  it('leads no browser to a port of a client before a person saw a page', async () => {
    const world = await bridgeWith('mode: local');
    try {
      const client = handClient(world.bridge.url.origin);
      const { body } = await client.register();
      for (const silent of [{ prompt: 'none' }, { prompt: 'none', response_mode: 'form_post' }, { code_challenge: '' }]) {
        const { url } = client.authorizeUrl(String(body.client_id));
        for (const [name, value] of Object.entries(silent)) url.searchParams.set(name, value);
        const page = await createBrowser().open(url.href, toClient);
        expect(page.url.origin, JSON.stringify(silent)).toBe(world.bridge.url.origin);
        expect(page.status).toBe(400);
        expect(page.html).toContain('This sign-in cannot begin');
      }
    } finally {
      await world.close();
    }
  });
});
