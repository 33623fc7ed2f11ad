import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askControl } from '../../../src/control.ts';
import { startBridge, type TestBridge } from '../../helpers/bridge.ts';
import { createTestClock, type TestClock } from '../../helpers/clock.ts';
import { until } from '../../helpers/program.ts';
import { handClient, redirectUri } from '../flow.ts';
import { createBrowser } from './browser.ts';
import { type Company, startCompany } from './company.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

describe('keys of people who left the company', () => {
  let company: Company;
  let other: Company;
  let folder: string;
  let bridge: TestBridge;
  let clock: TestClock;
  const keys = { boss: '', lead: '', dev: '' };
  const policies = () => join(folder, 'policies');
  /** The bridge under this identity.yaml, over the data it had. */
  async function under(identity: string): Promise<void> {
    await bridge?.close();
    await writeFile(join(policies(), 'identity.yaml'), identity);
    bridge = await startBridge({ data: join(folder, 'data'), policies: policies() }, clock);
  }
  beforeAll(async () => {
    [company, other] = [await startCompany(), await startCompany()];
    folder = await mkdtemp(join(tmpdir(), 'sidelight-leavers-'));
    await cp(fileURLToPath(new URL('../../../policies', import.meta.url)), policies(), { recursive: true });
    clock = createTestClock(Date.now());
    await under(company.policy());
    // All sign in while the clock tells the time of the provider, which has none of ours.
    for (const who of ['boss', 'lead', 'dev'] as const) {
      await signIn(who);
      keys[who] = await keyOf(`user:${who}`);
    }
  }, 60_000);
  afterAll(async () => {
    await bridge?.close();
    await rm(folder, { recursive: true, force: true });
    await company.close();
    await other.close();
  });

  /** Somebody comes as far as the consent page, which is where they are known. */
  async function signIn(who: string): Promise<void> {
    company.next = who;
    const client = handClient(bridge.url.origin);
    const { url } = client.authorizeUrl(String((await client.register()).body.client_id));
    const page = await createBrowser().open(url.href, (to) => to.href.startsWith(redirectUri));
    expect(page.html).toContain('wants to use Sidelight as you');
  }
  async function keyOf(owner: string): Promise<string> {
    const request = { org: 'default', kind: 'api', owner, name: 'laptop', role: 'company_admin', groups: [], days: 365 };
    const input = { ...request, scopes: ['runtime:read', 'runtime:admin'], permissions: ['dev_api'] };
    const { result } = (await askControl(join(folder, 'data'), 'keys.create', input)) ?? {};
    return (result as { secret: string }).secret;
  }
  const me = async (secret: string): Promise<string> => {
    const answer = await fetch(new URL('/api/v1/me', bridge.url), { headers: { authorization: `Bearer ${secret}` } });
    const body = (await answer.json()) as { role?: string };
    return answer.ok ? String(body.role) : String(answer.status);
  };

  it('open nothing once another provider vouches for people, nor once their role does not sign in', async () => {
    const key = keys.dev;
    const narrow = 'sign_in: { roles: [group_admin] }';
    for (const identity of [other.policy(), 'mode: local\n', company.policy({ signIn: narrow })]) {
      await under(identity);
      expect(await me(key), identity).toBe('401');
    }
    await under(company.policy());
    expect(await me(key)).toBe('developer');
  }, 60_000);

  it('open nothing once the company lets nobody of that name in, which is asked within the hour', async () => {
    expect([await me(keys.boss), await me(keys.lead)]).toEqual(['company_admin', 'group_admin']);
    company.disable('boss');
    company.setRoles('lead', ['engineering']);
    const confirmedAt = clock.now();
    await until('the company to be asked about both', async () => {
      clock.advance(minuteMs);
      return (await me(keys.boss)) === '401' && (await me(keys.lead)) === 'developer' ? true : undefined;
    });
    expect(clock.now() - confirmedAt).toBeLessThanOrEqual(hourMs);
  });

  it('open nothing once the company could not be asked for longer than it may be away, until it confirms them', async () => {
    await company.down();
    clock.advance(24 * hourMs);
    expect(await me(keys.dev)).toBe('developer');
    clock.advance(hourMs);
    expect(await me(keys.dev)).toBe('401');
    await company.up();
    await until('the company to confirm its people', async () => {
      clock.advance(10 * minuteMs);
      return (await me(keys.dev)) === 'developer' ? true : undefined;
    });
  });
});
