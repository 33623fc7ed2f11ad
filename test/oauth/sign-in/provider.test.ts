import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityFile } from '../../../src/identity/identity-policy.ts';
import { createLog } from '../../../src/lib/log.ts';
import { type Fetch, guardedFetch } from '../../../src/oauth/guarded-fetch.ts';
import { type Company as Asked, openCompany } from '../../../src/oauth/sign-in/company.ts';
import { createTestClock, type TestClock } from '../../helpers/clock.ts';
import { createBrowser } from './browser.ts';
import { type Company, secretVariable, startCompany } from './company.ts';
import { type Desk, openDesk } from './desk.ts';

const ties = { state: 's'.repeat(43), nonce: 'n'.repeat(43), verifier: 'v'.repeat(43) };
const discoveries = (company: Company) =>
  company.requests.filter((each) => each.endsWith('/.well-known/openid-configuration')).length;

let company: Company;
let clock: TestClock;
beforeAll(async () => {
  company = await startCompany();
});
afterAll(() => company.close());
beforeEach(() => {
  clock = createTestClock(Date.now());
  Object.assign(company, { next: 'dev', metadata: undefined, instead: undefined, claimsIn: 'id_token' });
  company.requests.length = 0;
});

function open(changes: object = {}, more: { fetch?: Fetch; maxAnswerSeconds?: number } = {}): Promise<Asked> {
  const policy = identityFile.parse({
    company: { issuer: company.issuer, client_id: company.clientId, client_secret: { env: secretVariable }, ...changes },
  }).company;
  if (policy === undefined) throw new Error('There is no company in the policy.');
  return openCompany(policy, { clock, log: createLog('silent'), ...more });
}

const url = (asked: Asked) => asked.signInUrl(ties, 'http://127.0.0.1/oauth/callback', false);

describe('the company’s provider', () => {
  it('is asked for its metadata once, again after an hour, and not missed while it is down then', async () => {
    const asked = await open();
    expect(discoveries(company)).toBe(0);
    await Promise.all([url(asked), url(asked), url(asked)]);
    clock.advance(3_599_999);
    await url(asked);
    expect(discoveries(company)).toBe(1);
    clock.advance(1);
    await url(asked);
    expect(discoveries(company)).toBe(2);
    await company.down();
    clock.advance(3_600_000);
    expect((await url(asked)).origin).toBe(company.issuer);
    await company.up();
  });

  it.each<[what: string, change: (document: Record<string, unknown>) => Record<string, unknown>]>([
    ['has another issuer', (document) => ({ ...document, issuer: 'https://evil.example' })],
    ['has the issuer with a slash more', (document) => ({ ...document, issuer: `${document.issuer}/x` })],
    ['is no metadata', () => ({})],
  ])('is not believed when its document %s', async (_what, change) => {
    company.metadata = change;
    await expect(url(await open())).rejects.toMatchObject({ name: 'ProviderProblem', kind: 'misconfigured' });
  });

  it.each<[what: string, begin: () => void]>([
    ['does not answer', () => company.hold()],
    [
      'stops in the middle of its answer',
      () => {
        company.instead = (_path, response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      },
    ],
  ])('is unreachable when it %s in time', async (_what, begin) => {
    begin();
    await expect(url(await open({}, { maxAnswerSeconds: 0.2 }))).rejects.toMatchObject({ kind: 'unreachable' });
    company.release();
  });

  it('needs the secret that the policy names', async () => {
    await expect(open({ client_secret: { env: 'SIDELIGHT_TEST_NOT_SET' } })).rejects.toMatchObject({
      details: { code: 'unavailable', message: expect.stringContaining('SIDELIGHT_TEST_NOT_SET') },
    });
  });

  it('gets the secret in the body where it says so, in the header otherwise', async () => {
    const seen: string[] = [];
    const fetch: Fetch = (to, init) => {
      if (to.endsWith('/token')) seen.push(new Headers(init.headers).get('authorization') ?? String(init.body));
      return globalThis.fetch(to, init);
    };
    for (const methods of [['client_secret_basic', 'client_secret_post'], ['client_secret_basic'], undefined]) {
      company.metadata = ({ token_endpoint_auth_methods_supported: _left, ...document }) => ({
        ...document,
        ...(methods === undefined ? {} : { token_endpoint_auth_methods_supported: methods }),
      });
      const asked = await open({}, { fetch });
      await asked.recheck('no such token', 'dev', async () => undefined).catch(() => undefined);
    }
    expect(seen).toEqual([
      expect.stringContaining(`client_secret=${company.clientSecret}`),
      expect.stringMatching(/^Basic /),
      expect.stringMatching(/^Basic /),
    ]);
  });

  it('tells roles at its UserInfo endpoint where the policy says to look there', async () => {
    company.claimsIn = 'userinfo';
    const desk = await openDesk(company.policy({ company: '  userinfo: true' }));
    try {
      const page = await createBrowser().open(desk.begin().url);
      expect(page.status, page.html).toBe(200);
      expect(page.html).toContain('<dd>Developer</dd>');
      expect(await desk.signIn.accounts.recheck('default/user:dev')).toMatchObject({ role: 'developer' });
      company.setRoles('dev', ['platform']);
      expect(await desk.signIn.accounts.recheck('default/user:dev')).toMatchObject({ role: 'company_admin' });
    } finally {
      company.setRoles('dev', ['engineering']);
      await desk.close();
    }
  });
});

describe('a bridge whose provider is down', () => {
  let desk: Desk;
  afterEach(() => desk.close());

  it('starts, says so on a page that lets people try again, and signs them in once the provider is back', async () => {
    await company.down();
    desk = await openDesk(company.policy());
    const browser = createBrowser();
    const { uid, url: begun } = desk.begin();
    const page = await browser.open(begun);
    expect(page.status).toBe(502);
    expect(page.html).toContain('does not answer');
    expect(desk.lines).toContainEqual(expect.objectContaining({ level: 'warn', kind: 'unreachable', code: 'ECONNREFUSED' }));
    await company.up();
    expect(page.html).toContain('Try again');
    const consent = await browser.open(`${page.url.href}?again=1`);
    await browser.submit(consent, 'allow');
    expect(desk.outcomes.get(uid)?.scopes).toHaveLength(2);
  });

  it('lets the client know where the person gives up', async () => {
    await company.down();
    desk = await openDesk(company.policy());
    const browser = createBrowser();
    const { uid, url: begun } = desk.begin();
    await browser.submit(await browser.open(begun), 'deny');
    await company.up();
    expect(desk.outcomes.get(uid)).toMatchObject({ error: 'access_denied' });
  });
});

describe('what is fetched of a provider', () => {
  let server: Server;
  let answered: string;
  let target = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      answered = request.url ?? '';
      if (answered === '/redirect') return response.writeHead(302, { location: '/secret' }).end();
      if (answered === '/long') return void response.writeHead(200).end('x'.repeat(512 * 1024 + 1));
      if (answered === '/endless') return void response.writeHead(200).write('x'.repeat(513 * 1024));
      response.end('ok');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    answered = '';
  });

  it.each([
    'http://login.example.com/token',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'data:text/plain,x',
    'ftp://login.example.com',
    'gopher://127.0.0.1',
    'http://127.0.0.1.example.com/',
    'no address',
  ])('is not %s', async (address) => {
    const asked: string[] = [];
    const fetch: Fetch = async (to) => {
      asked.push(to);
      return new Response('ok');
    };
    for (const issuer of ['https://login.example.com', 'http://127.0.0.1:9']) {
      await expect(guardedFetch(issuer, fetch)(address, {})).rejects.toThrow('not https');
    }
    expect(asked).toEqual([]);
  });

  it('is loopback without TLS only where the provider itself is', async () => {
    await expect(guardedFetch('https://login.example.com')(`${target}/x`, {})).rejects.toThrow('not https');
    expect(answered).toBe('');
    expect(await (await guardedFetch('http://localhost:9')(`${target}/x`, {})).text()).toBe('ok');
  });

  it('does not follow a redirect', async () => {
    const response = await guardedFetch(target)(`${target}/redirect`, {});
    expect(response.status).toBe(302);
    expect(answered).toBe('/redirect');
  });

  it.each(['/long', '/endless'])('ends at 512 KiB: %s', async (path) => {
    await expect(guardedFetch(target)(`${target}${path}`, {})).rejects.toThrow('longer than 524288 bytes');
  });
});
