import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Serving, serving, sidelight } from '../cli/sidelight.ts';
import { modernClient } from '../oauth/sdk-clients.ts';
import { chromiumPath, openChromium, picture, type Seat, takeSeat, violations } from './sign-in-browser.ts';
import { type ClientProgram, startClientProgram } from './sign-in-program.ts';
import type { Structured } from './world.ts';

let data: string;
let demo: Serving;
let browser: Browser;
let program: ClientProgram;
beforeAll(async () => {
  if (chromiumPath === undefined) return;
  data = await mkdtemp(join(tmpdir(), 'sidelight-new-'));
  [demo, browser, program] = await Promise.all([serving('demo', '--data', data), openChromium(), startClientProgram()]);
}, 90_000);
afterAll(async () => {
  await browser?.close();
  program?.close();
  await demo?.stop();
  if (data !== undefined) await rm(data, { recursive: true, force: true });
});

describe.skipIf(chromiumPath === undefined)('somebody who has just started the demo', () => {
  /** A client that is told the address alone, and a person who does `work` wherever the browser is led. */
  function clientOf({ page }: Seat, work: () => Promise<void>) {
    return modernClient(demo.first.mcpUrl, undefined, {
      redirectUri: program.redirectUri,
      async signIn(url) {
        const answer = program.answer();
        await page.goto(url.href);
        await work();
        await page.getByRole('button', { name: 'Allow' }).click();
        return answer;
      },
    });
  }

  it('signs in by the link that it printed, and reads a value of the shop without any key', async () => {
    const seat = await takeSeat(browser);
    await seat.page.goto(demo.first.signInLink ?? '');
    await picture(seat.page, 'local-link');
    await seat.page.getByRole('button', { name: 'Sign in' }).click();
    await seat.page.getByText('This browser is signed in').waitFor();
    expect(await seat.page.locator('h1').innerText()).toBe('This browser is signed in as operator');
    expect(seat.page.url()).not.toContain('ticket');
    await picture(seat.page, 'local-welcome');
    const client = clientOf(seat, async () => {});
    await client.connect();
    const { service, file, line } = demo.first.program ?? {};
    const answer = await client.call('take_snapshot', { source: { service }, file, line, expressions: ['order.total'] });
    const { status, hits } = answer.structuredContent as Structured;
    expect(status).toBe('completed');
    expect(hits[0]?.expressions[0]?.value).toEqual(expect.any(Number));
    expect(violations(seat)).toEqual([]);
    await client.close();
    await seat.close();
  }, 60_000);

  it('is told what to do by a browser that nobody vouched for, does it, and goes on from there', async () => {
    const seat = await takeSeat(browser);
    const { page } = seat;
    const client = clientOf(seat, async () => {
      await page.getByText('Who are you?').waitFor();
      await picture(page, 'local-help');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('Who are you?').waitFor(); // nothing has changed yet
      const { stdout } = await sidelight('people', 'link', '--data', data, '--name', 'dana', '--role', 'developer');
      const tab = await page.context().newPage();
      await tab.goto(stdout.trim());
      await tab.getByRole('button', { name: 'Sign in' }).click();
      await tab.getByText('This browser is signed in').waitFor();
      expect(await tab.locator('h1').innerText()).toBe('This browser is signed in as dana');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('wants to use Sidelight as you').waitFor();
    });
    await client.connect();
    const { structuredContent } = await client.call('get_status');
    expect(structuredContent).toMatchObject({ caller: { name: 'dana', role: 'developer' } });
    expect(violations(seat)).toEqual([]);
    await client.close();
    await seat.close();
  }, 60_000);
});
