import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { alice, testPeople } from './people.ts';
import { legacyClient, modernClient } from './sdk-clients.ts';

const snapshot = { source: { service: 'shop' }, file: 'shop.ts', line: 1 };
const codeOf = (answer: { structuredContent?: unknown }) =>
  (answer.structuredContent as { error?: { code: string } } | undefined)?.error?.code;

describe.each([
  { sdk: 'v1', open: legacyClient },
  { sdk: 'v2', open: modernClient },
])('a client of the $sdk SDK', ({ open }) => {
  let bridge: TestBridge;
  const people = testPeople();
  beforeAll(async () => {
    bridge = await startBridge({}, undefined, { signIn: people });
  });
  afterAll(() => bridge.close());
  afterEach(() => {
    vi.useRealTimers();
    people.consents = undefined;
  });

  it('registers itself, signs its person in, calls, refreshes, and is out when the grant is taken back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const client = open(bridge.mcpUrl);
    await client.connect();
    expect(client.kept.asked).toHaveLength(1);
    expect(client.kept.asked[0]?.searchParams.get('scope')?.split(' ')).toEqual(
      expect.arrayContaining(['runtime:read', 'runtime:capture']),
    );
    expect((await client.call('get_status')).isError ?? false).toBe(false);
    const first = client.kept.tokens?.access_token;
    expect(first).toMatch(/^sla_[0-9A-Za-z]{39}$/);

    vi.setSystemTime(Date.now() + 3_601_000);
    expect((await client.call('get_status')).isError ?? false).toBe(false);
    expect(client.kept.tokens?.access_token).not.toBe(first);
    expect(client.kept.asked).toHaveLength(1);

    const [app] = (await bridge.bridge.oauth?.grants?.list('default', 'user:alice')) ?? [];
    expect(app).toMatchObject({ clientName: 'Test client', scopes: ['runtime:read', 'runtime:capture'] });
    expect(await bridge.bridge.oauth?.grants?.revoke('default', app?.id ?? '')).toBe(true);
    people.consents = [];
    await expect(client.call('get_status')).rejects.toThrow();
    expect(client.kept.asked.length).toBeGreaterThan(1);
    await client.close();
  });

  it('asks its person for more when a tool needs more, and then has it', async () => {
    const client = open(bridge.mcpUrl);
    people.consents = ['runtime:read'];
    await client.connect();
    expect(client.kept.tokens?.scope?.split(' ')).not.toContain('runtime:capture');
    people.consents = undefined;
    expect(codeOf(await client.call('take_snapshot', snapshot))).toBe('not_found');
    expect(client.kept.asked).toHaveLength(2);
    expect(client.kept.asked[1]?.searchParams.get('scope')?.split(' ')).toEqual(
      expect.arrayContaining(['runtime:read', 'runtime:capture']),
    );
    expect(client.kept.tokens?.scope?.split(' ')).toContain('runtime:capture');
    await client.close();
  });

  it('sees the role of its person change with the next call', async () => {
    const client = open(bridge.mcpUrl);
    await client.connect();
    people.change(alice, { role: 'viewer' });
    expect(codeOf(await client.call('take_snapshot', snapshot))).toBe('org_access_denied');
    people.change(alice, { role: 'developer' });
    expect(codeOf(await client.call('take_snapshot', snapshot))).toBe('not_found');
    await client.close();
  });
});
