import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../helpers/clock.ts';
import { type Browser, createBrowser, openLink } from './browser.ts';
import { type Desk, openDesk } from './desk.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
let desk: Desk;
let clock: TestClock;
let browser: Browser;
beforeAll(async () => {
  clock = createTestClock(Date.now());
  desk = await openDesk('mode: local', { clock });
});
afterAll(() => desk.close());
beforeEach(() => {
  browser = createBrowser();
  desk.events.length = 0;
});

const link = (who?: { name?: string; role?: string }) => desk.signIn.local?.link(who) as Promise<string>;

describe('signing in without a company provider', () => {
  it('shows how to get a link, and goes on once the link was opened in this browser', async () => {
    const { uid, url } = desk.begin();
    const help = await browser.open(url);
    expect(help.status).toBe(401);
    expect(help.html).toContain('sidelight people link');
    const welcome = await openLink(browser, await link());
    expect(welcome.status).toBe(200);
    expect(welcome.html).toContain('This browser is signed in as operator');
    expect(welcome.url.search).toBe('');
    const page = await browser.open(help.url.href);
    expect(page.html).toContain('Company Admin');
    await browser.submit(page, 'allow');
    expect(desk.outcomes.get(uid)).toMatchObject({ accountId: 'default/user:operator' });
    expect(desk.events).toEqual([
      expect.objectContaining({
        event: 'sign_in',
        account: 'default/user:operator',
        after: { role: 'company_admin', groups: ['everyone'] },
      }),
    ]);
  });

  it('takes a link once, in one browser', async () => {
    const address = await link();
    expect((await openLink(browser, address)).status).toBe(200);
    const other = createBrowser();
    const spent = await openLink(other, address);
    expect(spent.status).toBe(400);
    expect(spent.html).toContain('used already');
    expect((await other.open(desk.begin().url)).status).toBe(401);
  });

  it('takes a link for an hour, and lets two browsers open one link together only once', async () => {
    const [kept, late, raced] = [await link(), await link(), await link()];
    const statuses = await Promise.all(Array.from({ length: 10 }, () => openLink(createBrowser(), raced)));
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(1);
    clock.advance(hourMs - 1);
    expect((await openLink(browser, kept)).status).toBe(200);
    clock.advance(1);
    expect((await openLink(browser, late)).status).toBe(400);
  });

  it('forgets the browser after ten minutes, and keeps it over a restart', async () => {
    await openLink(browser, await link());
    await desk.restart();
    clock.advance(10 * minuteMs - 1);
    expect((await browser.open(desk.begin().url)).status).toBe(200);
    await openLink(browser, await link());
    clock.advance(10 * minuteMs);
    expect((await browser.open(desk.begin().url)).status).toBe(401);
  });

  it('signs one client in with a link: whoever catches the cookie of this browser later gets nothing for it', async () => {
    const welcome = await openLink(browser, await link());
    const thief = createBrowser();
    for (const [name, cookie] of browser.cookies) if (name.includes('-local')) thief.cookies.set(name, cookie);
    expect(welcome.html).toContain('one client');
    const { url } = desk.begin();
    expect((await browser.open(url)).html).toContain('Company Admin');
    expect((await browser.open(url)).html).toContain('Company Admin'); // the page may be loaded again
    expect((await thief.open(desk.begin().url)).status).toBe(401);
    expect((await browser.open(desk.begin().url)).status).toBe(401);
    expect((await browser.open(welcome.url.href)).html).toContain('Who are you?');
  });

  it('signs one client in although several ask at one time', async () => {
    await openLink(browser, await link());
    // All see that nobody has it; what they do then comes one after the other.
    const { oauth } = desk.stores;
    const { find } = oauth;
    let waits = 0;
    oauth.find = async (...asked) => {
      const found = await find(...asked);
      if (asked[0] === 'LocalSession') await new Promise((go) => setTimeout(go, 50 * waits++));
      return found;
    };
    const pages = await Promise.all(Array.from({ length: 8 }, () => browser.open(desk.begin().url)));
    oauth.find = find;
    expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('does nothing before the button is pressed, whatever opens the link, and nothing for a form of another site', async () => {
    const address = await link({ name: 'mallory', role: 'developer' });
    expect((await browser.request(address, { method: 'HEAD' })).status).toBe(200);
    const asked = await browser.open(address);
    expect(asked.html).toContain('Sign in as mallory?');
    expect(asked.html).toContain('Developer');
    expect((await browser.open(desk.begin().url)).status).toBe(401);
    expect(desk.events).toEqual([]);
    const victim = createBrowser();
    await victim.open(await link());
    for (const [changes, from] of [
      [{}, victim],
      [{ csrf: 'x' }, browser],
      [{ ticket: 'x'.repeat(43) }, browser],
    ] as const) {
      const foreign = await from.submit(asked, 'sign_in', changes);
      expect(foreign.status).toBe(403);
      expect((await from.open(desk.begin().url)).status).toBe(401);
    }
    expect((await browser.submit(asked, 'sign_in')).html).toContain('This browser is signed in as mallory');
  });

  it('keeps neither a ticket nor a cookie in the clear', async () => {
    const address = await link();
    const ticket = new URL(address).searchParams.get('ticket') ?? '';
    const now = clock.now();
    const kept = async () => JSON.stringify(await desk.stores.oauth.list('LocalTicket', { limit: 50 }, now));
    expect(await kept()).not.toContain(ticket);
    await openLink(browser, address);
    const sessions = JSON.stringify(await desk.stores.oauth.list('LocalSession', { limit: 50 }, now));
    const [cookie] = [...browser.cookies].filter(([name]) => name.includes('-local'));
    expect(cookie?.[1].attributes).toMatch(/HttpOnly; SameSite=Lax/);
    expect(sessions).not.toContain(cookie?.[1].value);
    expect(sessions.length).toBeGreaterThan(20);
  });

  it('makes other people by name and role, and refuses roles that do not sign in', async () => {
    await openLink(browser, await link({ name: 'dana', role: 'developer' }));
    const page = await browser.open(desk.begin({ scopes: ['runtime:read'] }).url);
    expect(page.html).toContain('<dd>dana</dd>');
    expect(page.html).toContain('<dd>Developer</dd>');
    for (const role of ['viewer', 'root', '']) {
      await expect(link({ role })).rejects.toMatchObject({ details: { code: 'invalid_input', field: 'role' } });
    }
    for (const name of ['', 'a b', '<b>', 'x'.repeat(65)]) {
      await expect(link({ name })).rejects.toMatchObject({ details: { code: 'invalid_input', field: 'name' } });
    }
  });

  it('knows at the next request that a local person was shut out', async () => {
    await openLink(browser, await link({ name: 'eve' }));
    expect(await desk.signIn.accounts.recheck('default/user:eve')).toBeDefined();
    await desk.stores.people.disable('default', 'user:eve', clock.now());
    expect(await desk.signIn.accounts.recheck('default/user:eve')).toBeUndefined();
    expect((await browser.open(desk.begin().url)).status).toBe(401);
    expect((await openLink(browser, await link({ name: 'eve' }))).status).toBe(403);
    expect(desk.events).toHaveLength(1);
  });
});

describe('somebody who does not sit at this computer', () => {
  it.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])(
    'is refused: a proxy passed the request on (%s)',
    async (header) => {
      const address = await link();
      const response = await browser.request(address, { headers: { [header]: '192.0.2.7' } });
      expect(response.status).toBe(404);
      expect((await openLink(browser, address)).status).toBe(200);
    },
  );

  it('is refused under a public name', async () => {
    const address = await link();
    desk.publicOrigin = 'https://sidelight.example.com';
    await desk.restart();
    try {
      expect((await openLink(browser, address)).status).toBe(404);
      expect((await browser.open(desk.begin().url)).status).toBe(404);
    } finally {
      desk.publicOrigin = undefined;
      await desk.restart();
    }
  });

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
  it.skipIf(outside === undefined)('is refused on another address of this machine', async () => {
    const { port } = new URL(desk.origin);
    const address = new URL(await link());
    const open = (host: string) =>
      new Promise<number>((done, fail) => {
        const asking = request({ host, port, path: `${address.pathname}${address.search}`, localAddress: host }, (response) => {
          response.resume();
          done(response.statusCode ?? 0);
        });
        asking.on('error', fail).end();
      });
    await desk.listen('0.0.0.0');
    expect(await open(outside ?? '')).toBe(404);
    expect(await open('127.0.0.1')).toBe(200);
  });
});
