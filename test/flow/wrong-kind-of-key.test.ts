import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';

let bridge: TestBridge;
beforeAll(async () => {
  bridge = await startBridge();
});
afterAll(() => bridge?.close());

it('a caller that sends an enrolment key is told so, with a challenge every HTTP client can read', async () => {
  const response = await fetch(bridge.mcpUrl, {
    method: 'POST',
    headers: { Authorization: `Bearer ${bridge.enrolKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('error_description="This is an enrolment key (sle_...): it lets');
  expect(await response.json()).toMatchObject({
    error: {
      message: expect.stringContaining('enrolment key (sle_…)'),
      data: { code: 'invalid_token', next: expect.stringContaining('slk_') },
    },
  });
});

it('agents with keys that are not good are turned away unlooked at after 300 in a minute; a key that was good goes on', async () => {
  const come = (key: string) =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(bridge.agentUrl, 'sidelight.v1', { headers: { authorization: `Bearer ${key}` } });
      socket.on('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.on('unexpected-response', (asked, response) => {
        asked.destroy();
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', reject);
    });
  expect(await come(bridge.enrolKey)).toBe(101);
  const statuses: number[] = [];
  for (let turn = 0; turn < 31; turn += 1)
    statuses.push(...(await Promise.all(Array.from({ length: 10 }, (_, at) => come(`sle_${turn}_${at}`)))));
  expect(statuses.filter((status) => status === 401)).toHaveLength(300);
  expect(statuses.slice(300)).toEqual(Array(10).fill(429));
  expect(await come(bridge.enrolKey)).toBe(101);
});
