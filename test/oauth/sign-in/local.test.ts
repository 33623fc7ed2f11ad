import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../helpers/clock.ts';
import { type Browser, createBrowser } from './browser.ts';
import { type Desk, openDesk } from './desk.ts';

const hourMs = 3_600_000;
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
    const welcome = await browser.open(await link());
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
    expect((await browser.open(address)).status).toBe(200);
    const other = createBrowser();
    const spent = await other.open(address);
    expect(spent.status).toBe(400);
    expect(spent.html).toContain('used already');
    expect((await other.open(desk.begin().url)).status).toBe(401);
  });

  it('takes a link for an hour, and lets two browsers open one link together only once', async () => {
    const [kept, late, raced] = [await link(), await link(), await link()];
    const statuses = await Promise.all(Array.from({ length: 10 }, () => createBrowser().open(raced)));
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(1);
    clock.advance(hourMs - 1);
    expect((await browser.open(kept)).status).toBe(200);
    clock.advance(1);
    expect((await browser.open(late)).status).toBe(400);
  });

  it('forgets the browser after twelve hours, and keeps it over a restart', async () => {
    await browser.open(await link());
    await desk.restart();
    clock.advance(12 * hourMs - 1);
    expect((await browser.open(desk.begin().url)).status).toBe(200);
    clock.advance(1);
    expect((await browser.open(desk.begin().url)).status).toBe(401);
  });

  it('keeps neither a ticket nor a cookie in the clear', async () => {
    const address = await link();
    const ticket = new URL(address).searchParams.get('ticket') ?? '';
    const now = clock.now();
    const kept = async () => JSON.stringify(await desk.stores.oauth.list('LocalTicket', { limit: 50 }, now));
    expect(await kept()).not.toContain(ticket);
    await browser.open(address);
    const sessions = JSON.stringify(await desk.stores.oauth.list('LocalSession', { limit: 50 }, now));
    const [cookie] = [...browser.cookies].filter(([name]) => name.includes('-local'));
    expect(cookie?.[1].attributes).toMatch(/HttpOnly; SameSite=Lax/);
    expect(sessions).not.toContain(cookie?.[1].value);
    expect(sessions.length).toBeGreaterThan(20);
  });

  it('makes other people by name and role, and refuses roles that do not sign in', async () => {
    await browser.open(await link({ name: 'dana', role: 'developer' }));
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
    await browser.open(await link({ name: 'eve' }));
    expect(await desk.signIn.accounts.recheck('default/user:eve')).toBeDefined();
    await desk.stores.people.disable('default', 'user:eve', clock.now());
    expect(await desk.signIn.accounts.recheck('default/user:eve')).toBeUndefined();
    expect((await browser.open(desk.begin().url)).status).toBe(401);
    expect((await browser.open(await link({ name: 'eve' }))).status).toBe(403);
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
      expect((await browser.open(address)).status).toBe(200);
    },
  );

  it('is refused under a public name', async () => {
    const address = await link();
    desk.publicOrigin = 'https://sidelight.example.com';
    await desk.restart();
    try {
      expect((await browser.open(address)).status).toBe(404);
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
    expect(await open('127.0.0.1')).toBe(303);
  });
});
