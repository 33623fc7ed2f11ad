import { afterAll, beforeAll, expect, it } from 'vitest';
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
