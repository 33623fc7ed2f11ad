import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askControl } from '../../src/control.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';

let bridge: TestBridge;
beforeAll(async () => {
  bridge = await startBridge({ 'trusted-proxies': '127.0.0.1' });
});
afterAll(() => bridge?.close());

const order = async (name: string, input: Record<string, unknown>): Promise<unknown> =>
  (await askControl(bridge.directory, name, { org: 'default', ...input }))?.result;
const status = (secret: string, forwarded: string) =>
  fetch(new URL('/api/v1/status', bridge.url), {
    headers: { authorization: `Bearer ${secret}`, 'x-forwarded-for': forwarded },
  });

describe('a bridge behind a proxy that it trusts', () => {
  it('takes a key of one network only from callers there, and records where they were', async () => {
    const made = await order('keys.create', {
      ...{ kind: 'api', owner: 'operator', name: 'office', role: 'developer', addresses: ['203.0.113.0/24'] },
      ...{ scopes: ['runtime:read'], permissions: ['dev_api'], groups: ['everyone'] },
    });
    const { secret } = made as { secret: string };
    expect((await status(secret, '203.0.113.7')).status).toBe(200);
    expect((await status(secret, '198.51.100.1')).status).toBe(401);
    expect((await status(secret, '203.0.113.7, 198.51.100.1')).status).toBe(401);
    const records = await order('audit.recent', { limit: 10 });
    const addresses = (records as { address?: string }[]).map(({ address }) => address);
    expect(addresses).toContain('203.0.113.7');
    expect(addresses).toContain('198.51.100.1');
  });
});
