import { expect, it } from 'vitest';
import { startBridge } from '../helpers/bridge.ts';

it('a bridge that goes down ends each connection with its answer, so that nobody sends a call into one that is closed', async () => {
  const bridge = await startBridge({ 'drain-delay-seconds': '2' });
  const call = async () => {
    const response = await fetch(bridge.mcpUrl, {
      method: 'POST',
      headers: {
        ...{ Authorization: `Bearer ${bridge.fullKey}`, 'Content-Type': 'application/json' },
        Accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_status', arguments: {} } }),
    });
    const text = await response.text();
    expect(text).toContain('"isError":false');
    return response.headers.get('connection');
  };
  expect(await call()).toBe('keep-alive');
  const closed = bridge.close();
  expect(await call(), 'it is served all the same').toBe('close');
  expect((await fetch(new URL('/healthz', bridge.url))).headers.get('connection')).toBe('close');
  await closed;
}, 30_000);
