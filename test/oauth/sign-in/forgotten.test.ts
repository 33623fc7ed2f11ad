import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askControl } from '../../../src/control.ts';
import { startBridge, type TestBridge } from '../../helpers/bridge.ts';
import { type HandClient, handClient, redirectUri } from '../flow.ts';
import { createBrowser, openLink } from './browser.ts';
import { type Company, startCompany } from './company.ts';
import { type Desk, openDesk } from './desk.ts';

const toClient = (url: URL) => url.href.startsWith(redirectUri);
/** People are called by a name that passes from one account to another. */
const claims = `  subject: preferred_username
  role: { from: roles, values: { developer: [engineering], company_admin: [platform] } }`;
let company: Company;
beforeAll(async () => {
  company = await startCompany();
});
afterAll(() => company.close());
beforeEach(() => {
  const named = (role: string) => ({ roles: [role], preferred_username: 'sam' });
  company.people.old = { name: 'Sam the Old', email: 'sam@example.com', claims: named('engineering') };
  company.people.young = { name: 'Sam the Young', email: 'sam@example.com', claims: named('platform') };
});

describe('a sign-in of somebody who was forgotten meanwhile', () => {
  let folder: string;
  let bridge: TestBridge;
  let client: HandClient;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sidelight-forgotten-'));
    const policies = join(folder, 'policies');
    await cp(fileURLToPath(new URL('../../../policies', import.meta.url)), policies, { recursive: true });
    await writeFile(join(policies, 'identity.yaml'), company.policy({ claims }));
    bridge = await startBridge({ data: join(folder, 'data'), policies });
    client = handClient(bridge.url.origin);
  });
  afterAll(async () => {
    await bridge?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const begin = async () => client.authorizeUrl(String((await client.register()).body.client_id)).url.href;
  const forget = () => askControl(bridge.directory, 'people.forget', { org: 'default', subject: 'sam' });
  /** The name passes to another account. */
  async function pass(): Promise<void> {
    await forget();
    company.next = 'young';
    expect((await createBrowser().open(await begin(), toClient)).html).toContain('Sam the Young');
  }

  it.each([
    ['at the page that asks for consent', () => false],
    ['on the way to that page', (url: URL) => url.pathname.startsWith('/oauth/authorize/')],
  ])('does not go on as whoever has the name now, %s', async (_where, stop) => {
    company.next = 'old';
    const browser = createBrowser();
    const page = await browser.open(await begin(), (url) => toClient(url) || stop(url));
    expect(page.html).toContain(page.html === '' ? '' : 'Sam the Old');
    await pass();
    const after = await browser.open(page.url.href, toClient);
    expect(after.status).toBeGreaterThanOrEqual(400);
    expect(after.html).not.toContain('Sam');
    if (page.html !== '') expect((await browser.submit(page, 'allow')).url.searchParams.get('code')).toBeNull();
    await forget();
  });
});

describe('a sign-in that is noted only after its person was forgotten', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk(company.policy({ claims }));
  });
  afterAll(() => desk.close());

  it('is not that of whoever has the name now', async () => {
    const account = 'default/user:sam';
    company.next = 'old';
    const { uid, url } = desk.begin();
    const browser = createBrowser();
    const back = await browser.open(url, (to) => to.pathname === `/oauth/interaction/${uid}` && desk.events.length > 0);
    const noted = await desk.stores.oauth.list('SignedIn', { account, limit: 9 }, Date.now());
    expect(noted).toHaveLength(1);
    await desk.stores.oauth.removeOfAccount(account);
    await desk.stores.people.forget('default', 'user:sam');
    company.next = 'young';
    expect((await createBrowser().open(desk.begin().url)).html).toContain('Sam the Young');
    for (const record of noted) await desk.stores.oauth.put(record);
    const page = await browser.open(back.url.href);
    expect(page.status).toBe(403);
    expect(page.html).toContain('the name is another person’s now');
  });
});

describe('without a company provider', () => {
  let bridge: TestBridge;
  beforeAll(async () => {
    bridge = await startBridge();
  });
  afterAll(() => bridge?.close());
  const order = async (name: string, input: object) =>
    (await askControl(bridge.directory, name, { org: 'default', ...input }))?.result as { link: string };
  const linkOf = async (role: string) => (await order('people.link', { name: 'sam', role })).link;

  it('neither a browser nor a link of somebody who was forgotten is of use for whoever has the name next', async () => {
    const client = handClient(bridge.url.origin);
    const [browser, late] = [createBrowser(), createBrowser()];
    const left = await linkOf('developer');
    await openLink(browser, await linkOf('developer'));
    await order('people.forget', { subject: 'sam' });
    await openLink(createBrowser(), await linkOf('company_admin'));
    const { url } = client.authorizeUrl(String((await client.register()).body.client_id));
    expect((await browser.open(url.href, toClient)).status).toBe(401);
    expect((await openLink(late, left)).status).toBe(400);
  });
});
