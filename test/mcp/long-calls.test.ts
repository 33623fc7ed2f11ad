import { describe, expect, it } from 'vitest';
import { legacyCall, modernCall, modernHeaders, send } from './send.ts';
import { aborted, bobKey, inWorld } from './world.ts';

const holds = [
  { era: 'the 2025 era', body: legacyCall('hold'), headers: {} },
  { era: 'the 2026 era', body: modernCall('hold'), headers: modernHeaders('hold') },
];

describe('a call that takes its time', () => {
  it.each(holds)('in $era sends its headers at once, before it has anything to say', ({ body, headers }) =>
    inWorld(
      async (world) => {
        const response = await send(world, { body, headers, signal: AbortSignal.timeout(2_000) });
        expect(response.headers.get('content-type')).toContain('text/event-stream');
        expect(response.headers.get('x-accel-buffering')).toBe('no');
        expect(response.headers.get('cache-control')).toMatch(/no-(?:store|cache)/);
        await response.body?.cancel();
      },
      { keepAliveMs: 60_000 },
    ),
  );

  it.each(holds)('in $era keeps its stream alive until it is left', ({ body, headers }) =>
    inWorld(async (world) => {
      const abort = new AbortController();
      const response = await send(world, { body, headers, signal: abort.signal });
      const reader = response.body?.getReader();
      for (let comments = 0; comments < 3; comments += 1) {
        const { value } = (await reader?.read()) ?? {};
        expect(new TextDecoder().decode(value)).toContain(': keepalive');
      }
      const { signal } = await world.held();
      expect(signal.aborted).toBe(false);
      abort.abort();
      await aborted(signal);
    }),
  );

  it('is cancelled by its own caller only', () =>
    inWorld(async (world) => {
      const hello = await send(world, {
        body: {
          jsonrpc: '2.0',
          id: 0,
          method: 'initialize',
          params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
        },
      });
      await hello.text();
      const session = { 'Mcp-Session-Id': hello.headers.get('mcp-session-id') ?? '' };
      const open = await send(world, { body: legacyCall('hold', 5), headers: session });
      const { signal } = await world.held();
      const cancel = (headers: Record<string, string>, requestId: unknown) =>
        send(world, { body: { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }, headers });
      expect((await cancel({ ...session, Authorization: `Bearer ${bobKey}` }, 5)).status).toBe(202);
      expect((await cancel(session, '5')).status).toBe(202);
      expect((await cancel({}, 5)).status).toBe(202);
      expect(signal.aborted).toBe(false);
      await cancel(session, 5);
      await aborted(signal);
      await open.body?.cancel();
    }));

  it('is let go when the client disconnects before the answer', () =>
    inWorld(async (world) => {
      const abort = new AbortController();
      const calling = send(world, { body: modernCall('hold'), headers: modernHeaders('hold'), signal: abort.signal });
      const { signal } = await world.held();
      abort.abort();
      await calling.then((response) => response.body?.cancel()).catch(() => undefined);
      await aborted(signal);
    }));
});
