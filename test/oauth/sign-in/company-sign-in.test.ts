import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { keep } from '../../identity/people.ts';
import { type Browser, createBrowser } from './browser.ts';
import { type Company, startCompany } from './company.ts';
import { clientRedirect, type Desk, openDesk } from './desk.ts';

let company: Company;
let desk: Desk;
let browser: Browser;
beforeAll(async () => {
  company = await startCompany();
  desk = await openDesk(company.policy());
});
afterAll(async () => {
  await desk.close();
  await company.close();
});
beforeEach(() => {
  browser = createBrowser();
  Object.assign(company, { next: 'dev', forge: undefined, metadata: undefined, instead: undefined, claimsIn: 'id_token' });
  desk.events.length = 0;
  desk.lines.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

/** Opens a new request up to the answer of the provider, which is not delivered yet. */
async function upToCallback(): Promise<{ uid: string; answer: URL }> {
  const { uid, url } = desk.begin();
  const { url: answer } = await browser.open(url, (to) => to.pathname === '/oauth/callback');
  expect(answer.pathname).toBe('/oauth/callback');
  return { uid, answer };
}

describe('signing in at the company', () => {
  it('lets a developer in, asks for consent and tells the client what was allowed', async () => {
    const { uid, url } = desk.begin();
    const page = await browser.open(url);
    expect(page.status, page.html).toBe(200);
    expect(page.html).toContain('Test IDE wants to use Sidelight as you');
    const answer = await browser.submit(page, 'allow');
    expect(answer.url.href).toBe(`${clientRedirect}?code=c`);
    expect(desk.outcomes.get(uid)).toEqual({ scopes: ['runtime:read', 'runtime:capture'], accountId: 'default/user:dev' });
    expect(desk.events).toEqual([
      expect.objectContaining({
        ...{ event: 'sign_in', account: 'default/user:dev', clientId: 'client-1', address: '127.0.0.1' },
        after: { role: 'developer', groups: ['payments'] },
      }),
    ]);
    expect(await desk.stores.people.find('default', 'user:dev')).toMatchObject({ role: 'developer', groups: ['payments'] });
  });

  it('sends code challenge, state and nonce to the provider, and keeps neither verifier nor tokens in the clear', async () => {
    const { url } = desk.begin();
    const { url: asked } = await browser.open(url, (to) => to.pathname === '/auth');
    const sent = Object.fromEntries(asked.searchParams);
    expect(sent).toMatchObject({
      code_challenge_method: 'S256',
      response_type: 'code',
      redirect_uri: `${desk.origin}/oauth/callback`,
    });
    expect(sent.state).toMatch(/^[0-9A-Za-z]{43}$/);
    await browser.open(asked.href);
    const { sealedRefreshToken = '' } = (await desk.stores.people.find('default', 'user:dev')) ?? {};
    const token = desk.secrets.open('upstream-token', sealedRefreshToken);
    expect(token).toMatch(/^.{20,}$/);
    const pending = await desk.stores.oauth.list('SignIn', { limit: 50 }, Date.now());
    const kept = JSON.stringify([pending, await desk.stores.people.list('default')]);
    for (const secret of [token ?? '', sent.state ?? '', sent.nonce ?? '']) expect(kept).not.toContain(secret);
  });

  it('tells the client that the person pressed Deny', async () => {
    const { uid, url } = desk.begin();
    const answer = await browser.submit(await browser.open(url), 'deny');
    expect(answer.url.searchParams.get('error')).toBe('access_denied');
    expect(desk.outcomes.get(uid)).toMatchObject({ error: 'access_denied' });
  });

  it('goes on with the same sign-in after a restart between any two steps', async () => {
    const { uid, url } = desk.begin();
    const { url: asked } = await browser.open(url, (to) => to.pathname === '/auth');
    await desk.restart();
    const { url: answer } = await browser.open(asked.href, (to) => to.pathname === '/oauth/callback');
    await desk.restart();
    const { url: done } = await browser.open(answer.href, (to) => to.pathname.startsWith('/oauth/interaction/'));
    await desk.restart();
    const page = await browser.open(done.href);
    await desk.restart();
    await browser.submit(page, 'allow');
    expect(desk.outcomes.get(uid)?.scopes).toHaveLength(2);
  });

  it('signs in two tabs of one browser at the same time', async () => {
    const first = await upToCallback();
    company.next = 'dev';
    const second = await upToCallback();
    for (const { uid, answer } of [first, second]) {
      const page = await browser.open(answer.href);
      expect(page.status, page.html).toBe(200);
      await browser.submit(page, 'allow');
      expect(desk.outcomes.get(uid)?.accountId).toBe('default/user:dev');
    }
  });

  it('asks the provider for a new sign-in where a person wants to be somebody else', async () => {
    company.next = 'guest';
    const { url } = desk.begin();
    const refused = await browser.open(url);
    expect(refused.status).toBe(403);
    const [, again = ''] = /href="([^"]+again=1)"/.exec(refused.html) ?? [];
    company.next = 'dev';
    const { url: asked } = await browser.open(new URL(again, desk.origin).href, (to) => to.pathname === '/auth');
    expect(asked.searchParams.get('prompt')).toBe('login');
  });
});

describe('an answer that is not this browser’s, or does not count any more', () => {
  it('is refused with 400 in another browser: a planted sign-in leads nowhere', async () => {
    const { uid, answer } = await upToCallback();
    const victim = createBrowser();
    const page = await victim.open(answer.href);
    expect(page.status).toBe(400);
    expect(page.html).toContain('not your sign-in');
    expect(desk.outcomes.has(uid)).toBe(false);
    // A browser that has a sign-in of its own under way is no better.
    const { url } = desk.begin();
    await victim.open(url, (to) => to.pathname === '/auth');
    expect((await victim.open(answer.href)).status).toBe(400);
    // And whoever began it can still finish.
    expect((await browser.open(answer.href)).status).toBe(200);
  });

  it('is refused when its state was used already', async () => {
    const { answer } = await upToCallback();
    expect((await browser.open(answer.href)).status).toBe(200);
    expect((await browser.open(answer.href)).status).toBe(400);
  });

  it('is taken within ten minutes and refused after them', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const kept = await upToCallback();
    const late = await upToCallback();
    vi.setSystemTime(Date.now() + 599_000);
    // The code at the provider lives for a minute, so the state alone is looked at: it is known, and the provider refuses.
    expect((await browser.open(kept.answer.href)).status).toBe(502);
    vi.setSystemTime(Date.now() + 2_000);
    expect((await browser.open(late.answer.href)).status).toBe(400);
  });

  it('is refused without a state, and with two', async () => {
    const { answer } = await upToCallback();
    const state = answer.searchParams.get('state');
    expect((await browser.open(`${desk.origin}/oauth/callback?code=x`)).status).toBe(400);
    expect((await browser.open(`${answer.href}&state=${state}`)).status).toBe(400);
  });

  it('is refused as JSON where no browser asks', async () => {
    const response = await fetch(`${desk.origin}/oauth/callback?state=x&code=y`, { headers: { accept: '*/*' } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_input', next: expect.stringContaining('Start again') });
  });
});

describe('an answer of the provider that does not hold', () => {
  const wrong: [name: string, forge: NonNullable<Company['forge']>][] = [
    ['another nonce', (claims) => ({ ...claims, nonce: 'stolen' })],
    ['no nonce', ({ nonce: _left, ...claims }) => claims],
    ['another issuer', (claims) => ({ ...claims, iss: 'https://evil.example' })],
    ['another audience', (claims) => ({ ...claims, aud: 'another-application' })],
    ['an audience beside ours', (claims) => ({ ...claims, aud: [String(claims.aud), 'another-application'] })],
    ['an ID token of last week', (claims) => ({ ...claims, iat: 1_700_000_000, exp: 1_700_000_600 })],
  ];
  it.each(wrong)('is refused: %s', async (_name, forge) => {
    company.forge = forge;
    const { uid, url } = desk.begin();
    const page = await browser.open(url);
    expect(page.status, page.html).toBe(502);
    expect(page.html).toContain('do not fit');
    expect(desk.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'a sign-in failed', kind: 'misconfigured' }),
    );
    expect(desk.events).toEqual([expect.objectContaining({ event: 'sign_in_denied', clientId: 'client-1' })]);
    expect(desk.outcomes.has(uid)).toBe(false);
  });

  it('is refused when somebody else signed the ID token', async () => {
    company.instead = (path, response) => {
      if (path !== '/jwks') return false;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [] }));
      return true;
    };
    await desk.restart();
    const page = await browser.open(desk.begin().url);
    await desk.restart(); // it remembers keys for a minute
    expect(page.status).toBe(502);
    expect(page.html).toContain('do not fit');
  });

  it('is a page with the way back when the person cancelled there, without the provider’s markup', async () => {
    company.next = undefined;
    const { uid, url } = desk.begin();
    const page = await browser.open(url);
    expect(page.status).toBe(403);
    expect(page.html).toContain('&lt;b&gt;cancelled&lt;/b&gt;');
    expect(page.html).not.toContain('<b>');
    const answer = await browser.submit(page, 'deny');
    expect(answer.url.href).toBe(`${clientRedirect}?error=access_denied`);
    expect(desk.outcomes.get(uid)).toEqual({ error: 'access_denied', description: 'Nobody signed in.' });
  });

  it('never shows a stack, whatever fails', async () => {
    for (const fails of ['text', 'status', 'json'] as const) {
      company.instead = (path, response) => {
        if (path !== '/token') return false;
        if (fails === 'text') response.setHeader('content-type', 'text/html').end('<h1>login</h1>');
        if (fails === 'status') response.writeHead(503).end();
        if (fails === 'json') response.setHeader('content-type', 'application/json').end('{"access_token":1}');
        return true;
      };
      const page = await browser.open(desk.begin().url);
      expect(page.status).toBe(502);
      expect(page.html).not.toMatch(/\.ts\b|node_modules|\bat .+:\d+:\d+/);
      expect(JSON.stringify(desk.lines)).not.toMatch(/node_modules|id_token"/);
    }
  });
});

describe('a person who may not come in', () => {
  it('reads which claim was looked at and what it had, and nothing else of the token', async () => {
    company.next = 'vera';
    const page = await browser.open(desk.begin().url);
    expect(page.status).toBe(403);
    expect(page.html).toContain('<dd><code>roles</code></dd>');
    expect(page.html).toContain('[&quot;interns&quot;]');
    expect(page.html).toContain('the role viewer');
    expect(page.html).not.toContain('vera@example.com');
    expect(desk.events).toEqual([
      expect.objectContaining({
        event: 'sign_in_denied',
        reason: 'org_access_denied',
        after: { claim: 'roles', found: '["interns"]' },
      }),
    ]);
    expect(await desk.stores.people.find('default', 'user:vera')).toBeUndefined();
  });

  it('is told that the provider sent nothing', async () => {
    company.next = 'guest';
    const page = await browser.open(desk.begin().url);
    expect(page.html).toContain('nothing: the provider did not send it');
  });

  it('is refused although the claim’s value is full of markup, which is shown as text', async () => {
    company.next = 'guest';
    company.forge = (claims) => ({ ...claims, roles: ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>'] });
    const page = await browser.open(desk.begin().url);
    expect(page.status).toBe(403);
    expect(page.html).not.toMatch(/<script|<img/);
    expect(page.html).toContain('&lt;script&gt;');
  });

  it('is refused when the operator disabled them, also with a consent page open', async () => {
    company.next = 'lead';
    const page = await browser.open(desk.begin().url);
    expect(page.status).toBe(200);
    await desk.stores.people.disable('default', 'user:lead', Date.now());
    expect((await browser.submit(page, 'allow')).status).toBe(403);
    const again = await browser.open(desk.begin().url);
    expect(again.status).toBe(403);
    expect(again.html).toContain('shut out');
    expect(desk.events.at(-1)).toMatchObject({ event: 'sign_in_denied', account: 'default/user:lead', reason: 'disabled' });
    expect((await desk.stores.people.find('default', 'user:lead'))?.disabledAt).toBeDefined();
  });

  it('is one whose sign-in cannot be recorded', async () => {
    company.people.late = { name: 'Late', email: 'late@example.com', claims: { roles: ['engineering'] } };
    company.next = 'late';
    desk.recordable = false;
    const page = await browser.open(desk.begin().url);
    desk.recordable = true;
    expect(page.status).toBe(503);
    expect(await desk.stores.people.find('default', 'user:late')).toBeUndefined();
  });

  it('leaves a record when the role is another than at the last sign-in', async () => {
    company.next = 'boss';
    await browser.open(desk.begin().url);
    company.setRoles('boss', ['engineering']);
    await browser.open(desk.begin().url);
    company.setRoles('boss', ['platform']);
    expect(desk.events.map(({ event }) => event)).toEqual(['sign_in', 'role_changed', 'sign_in']);
    expect(desk.events[1]).toMatchObject({ before: { role: 'company_admin' }, after: { role: 'developer' } });
  });
});

describe('a name that passed to another account', () => {
  let named: Desk;
  beforeAll(async () => {
    const claims = `  subject: preferred_username
  role: { from: roles, values: { developer: [engineering], company_admin: [platform] } }`;
    named = await openDesk(company.policy({ claims }));
    for (const [subject, roles] of [
      ['anna-1', ['platform']],
      ['anna-2', ['engineering']],
    ] as const)
      company.people[subject] = { name: subject, email: '', claims: { preferred_username: 'anna', roles } };
  });
  afterAll(() => named.close());
  const signIn = async (subject: string) => {
    company.next = subject;
    return createBrowser().open(named.begin().url);
  };

  it('lets nobody take over who had it: that is refused, recorded and said, until an operator frees the name', async () => {
    expect((await signIn('anna-1')).status).toBe(200);
    named.events.length = 0;
    const before = await named.stores.people.find('default', 'user:anna');
    const page = await signIn('anna-2');
    expect(page.status).toBe(403);
    expect(page.html).toContain('is known here for another account');
    expect(page.html).toContain('sidelight people forget');
    expect(await named.stores.people.find('default', 'user:anna')).toEqual(before);
    expect(named.events).toEqual([
      expect.objectContaining({
        ...{ event: 'sign_in_denied', account: 'default/user:anna', reason: 'other_account' },
        before: { issuer: company.issuer, upstreamSubject: 'anna-1' },
        after: { issuer: company.issuer, upstreamSubject: 'anna-2' },
      }),
    ]);
    await named.stores.people.forget('default', 'user:anna');
    expect((await signIn('anna-2')).status).toBe(200);
    expect((await signIn('anna-1')).status).toBe(403);
  });

  it('is not theirs either who had it at a provider of before', async () => {
    await named.stores.people.forget('default', 'user:anna');
    expect((await signIn('anna-1')).status).toBe(200);
    const known = await named.stores.people.find('default', 'user:anna');
    await keep(named.stores.people, { ...(known as NonNullable<typeof known>), issuer: 'https://old.example.com' });
    expect((await signIn('anna-1')).status).toBe(403);
  });
});
