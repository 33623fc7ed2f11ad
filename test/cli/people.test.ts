import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowser, openLink } from '../oauth/sign-in/browser.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

let data: string;
let running: Serving;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-people-'));
  running = await serving('serve', '--data', data);
}, 60_000);

afterAll(async () => {
  await running?.stop();
  await rm(data, { recursive: true, force: true });
});

const people = (...args: string[]) => sidelight('people', ...args, '--data', data);

describe('sidelight people', () => {
  it('lists nobody before anybody signed in', async () => {
    expect(await people('list')).toMatchObject({ code: 0, stdout: 'Nobody has signed in yet.\n' });
  });

  it('makes a link that signs a browser in, lists the person without secrets, and shuts them out and lets them in again', async () => {
    const { stdout: link } = await people('link', '--name', 'dana', '--role', 'developer');
    const browser = createBrowser();
    expect((await openLink(browser, link.trim())).html).toContain('This browser is signed in as dana');
    expect((await people('list')).stdout).toMatch(/^user:dana {2}dana {2}developer {2}everyone {2}in {2}checked \S+Z\n$/);
    expect(await people('disable', 'dana')).toMatchObject({
      code: 0,
      stdout: 'dana is shut out; the next request is refused.\n',
    });
    expect((await people('list')).stdout).toContain('  disabled 2');
    const local = new URL('/oauth/local', link).href;
    expect((await browser.open(local)).html).toContain('Who are you?');
    expect(await people('enable', 'user:dana')).toMatchObject({ code: 0, stdout: 'user:dana may sign in again.\n' });
    expect((await browser.open(local)).html).toContain('This browser is signed in as dana');
    const [shown] = JSON.parse((await people('list', '--json')).stdout) as object[];
    expect(shown).toMatchObject({ org: 'default', subject: 'user:dana', role: 'developer' });
  });

  it('prints a link at the start of the bridge', async () => {
    const page = await openLink(createBrowser(), running.first.signInLink ?? '');
    expect(page.html).toContain('This browser is signed in as operator');
  });

  it.each<[args: string[], says: string]>([
    [[], 'Say sidelight people link, list, disable, enable or forget.'],
    [['disable'], 'Say whom to disable.'],
    [['forget'], 'Say whom to forget.'],
    [['forget', 'nobody'], 'Nobody called user:nobody ever signed in to default.'],
    [['list', 'dana'], 'Nothing is known about "dana".'],
    [['link', '--role', 'viewer'], 'People of the role viewer do not sign in'],
    [['disable', 'nobody'], 'Nobody called user:nobody ever signed in to default.'],
  ])('says what is wrong with %j', async (args, says) => {
    const { code, stderr, stdout } = await people(...args);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(says);
  });

  it('makes no links while no bridge runs, and still lists', async () => {
    await running.stop();
    expect((await people('link')).stderr).toContain('No bridge runs on this data');
    expect((await people('list')).stdout).toContain('user:dana');
  });
});
