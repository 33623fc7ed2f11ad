import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where Chromium is: `SIDELIGHT_TEST_CHROMIUM`, or the first that PATH has; undefined when there is none. */
export const chromiumPath = process.env.SIDELIGHT_TEST_CHROMIUM ?? onPath(['chromium', 'chromium-browser', 'google-chrome']);

// CI looks for this line: there, a skipped browser is a failure.
if (chromiumPath === undefined) console.log('SKIPPED chromium: there is none on PATH and none in SIDELIGHT_TEST_CHROMIUM');

/** A browser of one person: nothing is shared with others. */
export interface Seat {
  page: Page;
  /** What the console said, violations of the Content-Security-Policy among it. */
  said: string[];
  /** Every URL the browser asked for, redirects among them. */
  asked: string[];
  close(): Promise<void>;
}

/** Starts the one Chromium of a test file. No name but this machine's leads anywhere. */
export function openChromium(): Promise<Browser> {
  // Not by routes: with these a browser does not tell of redirects to schemes of other programs.
  const alone = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]';
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({
    executablePath: chromiumPath,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', alone, ...quiet],
  });
}

/** Somebody sits down. */
export async function takeSeat(browser: Browser, options: BrowserContextOptions = {}): Promise<Seat> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => said.push(`${message.text()} (${message.location().url})`));
  page.on('request', (request) => asked.push(request.url()));
  return { page, said, asked, close: () => context.close() };
}

/** What the browser refused because of our own headers. */
export function violations({ said }: Seat): string[] {
  return said.filter((line) => line.includes('Content Security Policy'));
}

/** Keeps a picture of the page for people to look at, when `SIDELIGHT_TEST_SHOTS` names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SIDELIGHT_TEST_SHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

function onPath(names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
