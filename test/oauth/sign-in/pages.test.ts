import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keep } from '../../identity/people.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { type Company, startCompany } from './company.ts';
import { type Desk, openDesk } from './desk.ts';

let company: Company;
let desk: Desk;
let browser: Browser;
beforeAll(async () => {
  company = await startCompany();
  desk = await openDesk(company.policy({ signIn: 'sign_in: { roles: [viewer, developer, company_admin] }' }));
});
afterAll(async () => {
  await desk.close();
  await company.close();
});
beforeEach(() => {
  browser = createBrowser();
  company.next = 'dev';
});

type Begun = Parameters<Desk['begin']>[0];
const open = (changes?: Begun): Promise<Page> => browser.open(desk.begin(changes).url);
const csp = ({ headers }: Page) =>
  Object.fromEntries(
    (headers.get('content-security-policy') ?? '')
      .split('; ')
      .map((part) => [part.split(' ')[0], part.split(' ').slice(1).join(' ')]),
  );

describe('the consent page', () => {
  it('names client, redirect, scopes in words, person, organisation, role and groups', async () => {
    const { html } = await open();
    for (const shown of [
      'Test IDE',
      'http://127.0.0.1:9/answer',
      'See what runs and what was captured',
      'Read variables of running programs',
      'Dana Developer (dana@example.com)',
      '<dd>default</dd>',
      '<dd>Developer</dd>',
      '<dd>payments</dd>',
    ]) {
      expect(html).toContain(shown);
    }
  });

  it.each<[known: NonNullable<NonNullable<Begun>['client']>['known'], shown: string]>([
    ['operator', 'Set up by the operator'],
    ['document', 'Third party, described at client-1'],
    ['self_registered', 'Third party: registered itself, name not verified'],
  ])('says how a client is known: %s', async (known, shown) => {
    expect((await open({ client: { known } })).html).toContain(shown);
  });

  it('offers what the role gives, says what it does not, and allows exactly what was offered', async () => {
    company.next = 'vera';
    const { uid, url } = desk.begin({ scopes: ['runtime:read', 'runtime:capture', 'runtime:admin'] });
    const page = await browser.open(url);
    expect(page.html.match(/the role Viewer does not have it/g)).toHaveLength(2);
    await browser.submit(page, 'allow');
    expect(desk.outcomes.get(uid)?.scopes).toEqual(['runtime:read']);
  });

  it('offers the management of keys to roles that have keys', async () => {
    const { html } = await open({ scopes: ['runtime:read', 'runtime:admin'] });
    expect(html).toContain('Manage API keys');
    expect(html).not.toContain('does not have it');
  });

  it('has nothing to allow where the role gives nothing of what was asked', async () => {
    company.next = 'vera';
    const { uid, url } = desk.begin({ scopes: ['runtime:capture'] });
    const page = await browser.open(url);
    expect(page.html).toContain('nothing to allow');
    expect(page.html).not.toContain('value="allow"');
    expect((await browser.submit(page, 'allow')).status).toBe(400);
    expect(desk.outcomes.has(uid)).toBe(false);
  });

  it.each([
    ['http://127.0.0.1:9/answer', 'a program on this computer. Any program'],
    ['http://localhost:1/x', 'a program on this computer. Any program'],
    ['http://[::1]:1/x', 'a program on this computer. Any program'],
    ['cursor://anysphere.cursor/cb', 'answers to <code>cursor:</code>'],
  ])('warns where the answer stays on this computer: %s', async (redirectUri, shown) => {
    expect((await open({ client: { redirectUri } })).html).toContain(shown);
  });

  it('does not warn where the answer goes to a site', async () => {
    expect((await open({ client: { redirectUri: 'https://claude.ai/api/mcp/auth_callback' } })).html).not.toContain(
      'class="note"',
    );
  });

  it('shows names and addresses as text, whatever is in them', async () => {
    const name = '</h1><script>alert(1)</script><img src=x onerror=alert`1`>';
    company.people.dev = { ...(company.people.dev as NonNullable<Company['people'][string]>), name: '<i>Dana</i>' };
    const { html } = await open({ client: { name, redirectUri: `https://x.example/"><script>alert(2)</script>` } });
    expect(html).not.toMatch(/<script|<img|<i>|`/);
    expect(html).toContain('&lt;script&gt;alert(1)');
    expect(html).toContain('&lt;i&gt;Dana&lt;/i&gt;');
  });
});

describe('every page', () => {
  it('runs no script, loads nothing, is framed by nobody, and is kept by nobody', async () => {
    const page = await open();
    const style = /<style>([\s\S]*?)<\/style>/.exec(page.html)?.[1] ?? '';
    expect(csp(page)).toMatchObject({
      'default-src': "'none'",
      'style-src': `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
    });
    expect(style.length).toBeGreaterThan(100);
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('referrer-policy')).toBe('same-origin');
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  });

  it.each([
    ['http://127.0.0.1:9/answer', "'self' http://127.0.0.1:9"],
    ['https://claude.ai/api/mcp/auth_callback?x=1', "'self' https://claude.ai"],
    ['cursor://anysphere.cursor/cb', "'self' cursor:"],
    ['http://[::1]:1234/x', "'self' http:"], // CSP cannot say IPv6 addresses
  ])('lets its form lead to the client at %s and nowhere else', async (redirectUri, allowed) => {
    expect(csp(await open({ client: { redirectUri } }))['form-action']).toBe(allowed);
  });

  it('sets cookies that scripts cannot read, with their port on loopback and bound to the host over https', async () => {
    await open();
    const { port } = new URL(desk.origin);
    const cookie = [...browser.cookies].find(([name]) => name.includes(`sidelight-${port}-browser`));
    expect(cookie?.[1].attributes).toBe('Path=/oauth; Max-Age=3600; HttpOnly; SameSite=Lax');
    desk.publicOrigin = 'https://sidelight.example.com';
    await desk.restart();
    const { url } = desk.begin();
    const response = await fetch(url, { redirect: 'manual' });
    const interaction = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const begun = await fetch(new URL(response.headers.get('location') ?? '', url), {
      headers: { cookie: interaction },
      redirect: 'manual',
    });
    desk.publicOrigin = undefined;
    await desk.restart();
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-sidelight-browser=[0-9A-Za-z]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/),
    ]);
  });
});

describe('a form', () => {
  it('counts only with its own token, in its own browser, for its own interaction', async () => {
    const { uid, url } = desk.begin();
    const page = await browser.open(url);
    const other = desk.begin();
    const otherPage = await browser.open(other.url);
    const [, otherToken = ''] = /name="csrf" value="([^"]+)"/.exec(otherPage.html) ?? [];
    for (const csrf of ['', 'x', otherToken]) {
      const refused = await browser.submit(page, 'allow', { csrf });
      expect(refused.status).toBe(403);
      expect(refused.html).toContain('does not count');
    }
    expect(desk.outcomes.has(uid)).toBe(false);
    expect((await createBrowser().submit(page, 'allow')).status).toBe(404);
    // A browser that has the interaction's cookie and lacks ours.
    const [name, cookie] = [...browser.cookies].find(([key]) => key.includes(`interaction-${uid}`)) ?? [];
    const thief = createBrowser();
    thief.cookies.set(name ?? '', cookie as never);
    expect((await thief.submit(page, 'allow')).status).toBe(403);
    expect((await browser.submit(page, 'allow')).status).toBe(303);
  });

  it('does not count when the role changed after it was shown', async () => {
    company.next = 'boss';
    const { uid, url } = desk.begin();
    const page = await browser.open(url);
    const boss = await desk.stores.people.find('default', 'user:boss');
    await keep(desk.stores.people, { ...boss, role: 'viewer' } as NonNullable<typeof boss>);
    expect((await browser.submit(page, 'allow')).status).toBe(403);
    expect(desk.outcomes.has(uid)).toBe(false);
  });

  it('is refused without a decision, as another type, and when it is long', async () => {
    const page = await open();
    expect((await browser.submit(page, 'perhaps')).status).toBe(400);
    const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    expect((await browser.request(page.url.href, json)).status).toBe(415);
    expect((await browser.submit(page, 'allow', { more: 'x'.repeat(5_000) })).status).toBe(413);
  });
});

describe('an interaction that is not there', () => {
  it('is a page that says to start again, and JSON for programs', async () => {
    const page = await browser.open(`${desk.origin}/oauth/interaction/nothing`);
    expect(page.status).toBe(404);
    expect(page.html).toContain('This sign-in is over');
    const response = await fetch(`${desk.origin}/oauth/interaction/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not_found' });
  });

  it('breaks with a page that names the request and nothing of the inside', async () => {
    const { url } = desk.begin();
    const at = await browser.open(url, (to) => to.pathname === '/auth');
    expect(at.url.pathname).toBe('/auth');
    const find = desk.stores.oauth.find;
    desk.stores.oauth.find = () => Promise.reject(new Error('the table oauth_records is gone'));
    try {
      const page = await browser.open(at.url.href);
      expect(page.status).toBe(500);
      expect(page.html).toContain('req_test');
      expect(page.html).not.toContain('oauth_records');
    } finally {
      desk.stores.oauth.find = find;
    }
  });
});
