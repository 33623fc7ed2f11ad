import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { aborted, aliceKey, bobKey, brokenKey, inWorld, type World } from './world.ts';

const legacyCall = (name: string, id: number | string = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});

const modernCall = (name: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name,
    arguments: {},
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
  },
});

const accepts = { Accept: 'application/json, text/event-stream' };
const modernHeaders = (name: string) => ({ 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': name });

interface Sent {
  body?: unknown;
  headers?: Record<string, string>;
  method?: string;
  signal?: AbortSignal;
  path?: string;
}

function send({ port }: World, { body, headers, method = 'POST', signal, path = '/mcp' }: Sent): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    signal: signal ?? null,
    headers: { Authorization: `Bearer ${aliceKey}`, 'Content-Type': 'application/json', ...accepts, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** Like `send`, but with headers that `fetch` does not let through. */
function sendRaw(port: number, headers: Record<string, string>, path = '/mcp'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject).end();
  });
}

/** The first event of a stream that has data. */
async function firstEvent(response: Response): Promise<unknown> {
  const data = (await response.text()).split('\n').find((line) => line.startsWith('data: '));
  return JSON.parse(data?.slice('data: '.length) ?? 'null');
}

describe('who is let in', () => {
  it('answers 401 without a key, and the challenge carries no error', () =>
    inWorld(async (world) => {
      const response = await send(world, { body: legacyCall('echo'), headers: { Authorization: '' } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sidelight", scope="runtime:read runtime:capture"');
      expect(await response.json()).toMatchObject({
        error: { data: { code: 'missing_token', requestId: response.headers.get('x-request-id') } },
      });
    }));

  it('answers 401 to a wrong key with the error in the challenge', () =>
    inWorld(async (world) => {
      const response = await send(world, { body: legacyCall('echo'), headers: { Authorization: 'Bearer slk_wrong' } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain(
        `error="invalid_token", error_description="The key is 'unknown'."`,
      );
      expect(await response.json()).toMatchObject({ error: { data: { code: 'invalid_token' } } });
    }));

  it('answers a defect with its code and the request id, and tells nothing else', () =>
    inWorld(async (world) => {
      const response = await send(world, { body: legacyCall('echo'), headers: { Authorization: `Bearer ${brokenKey}` } });
      expect(response.status).toBe(500);
      const body = await response.text();
      expect(JSON.parse(body)).toMatchObject({ error: { code: -32_603, data: { code: 'internal_error' } } });
      expect(body).not.toMatch(/secret|\bat\b.*:\d+/);
    }));

  it('refuses a token in the URL, even a good one', () =>
    inWorld(async (world) => {
      const response = await send(world, { body: legacyCall('echo'), path: `/mcp?access_token=${aliceKey}` });
      expect(response.status).toBe(400);
      expect(await response.text()).not.toContain(aliceKey);
      expect(world.seen).toEqual([]);
    }));

  it('answers a foreign Host with 421 before it looks at the key', () =>
    inWorld(async ({ port }) => {
      for (const host of [
        'evil.example',
        'localhost.evil.example',
        '127.0.0.1@evil.example',
        'evil.example/localhost',
        'localhost:1:2',
      ]) {
        expect(await sendRaw(port, { Host: host }), host).toMatchObject({ status: 421 });
      }
    }));

  it('answers under loopback names and under its public name', () =>
    inWorld(
      async ({ port }) => {
        for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:80', 'side.example', 'side.example:8443', 'SIDE.example']) {
          expect(await sendRaw(port, { Host: host }), host).toMatchObject({ status: 401 });
        }
      },
      { publicUrl: new URL('https://side.example') },
    ));

  it('answers a foreign Origin with 403, and passes its own, an allowed and a loopback one', () =>
    inWorld(
      async (world) => {
        const statusOf = async (origin: string) =>
          (await send(world, { body: legacyCall('echo'), headers: { Origin: origin } })).status;
        for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'file://localhost']) {
          expect(await statusOf(origin), origin).toBe(403);
        }
        for (const origin of ['https://side.example', 'https://ide.example', 'http://localhost:6274', 'http://[::1]:1']) {
          expect(await statusOf(origin), origin).toBe(200);
        }
      },
      { publicUrl: new URL('https://side.example/base'), allowedOrigins: ['https://ide.example'] },
    ));
});

describe('what is taken', () => {
  it.each(['GET', 'DELETE', 'PUT'])('answers %s with 405 and says that POST is allowed', (method) =>
    inWorld(async (world) => {
      const response = await send(world, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    }),
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'text/plain; application/json'])(
    'answers the type %s with 415',
    (type) =>
      inWorld(async (world) => {
        expect((await send(world, { body: legacyCall('echo'), headers: { 'Content-Type': type } })).status).toBe(415);
      }),
  );

  it('takes JSON with a charset', () =>
    inWorld(async (world) => {
      const response = await send(world, {
        body: legacyCall('echo'),
        headers: { 'Content-Type': 'application/json; charset=utf-8' },
      });
      expect(response.status).toBe(200);
      await response.text();
    }));

  it.each([
    ['{"jsonrpc":', 400, -32_700, 'malformed_json'],
    ['', 400, -32_700, 'malformed_json'],
    [[legacyCall('echo')], 400, -32_600, 'invalid_message'],
    ['"text"', 400, -32_600, 'invalid_message'],
    ['null', 400, -32_600, 'invalid_message'],
    [{ id: 1, method: 'tools/list' }, 400, -32_600, 'invalid_message'],
    [{ jsonrpc: '2.0', id: 1, method: 7 }, 400, -32_600, 'invalid_message'],
  ])('answers the body %j with a JSON-RPC error', (body, status, code, name) =>
    inWorld(async (world) => {
      const response = await send(world, { body });
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { code, data: { code: name } } });
    }),
  );

  it('answers a body over its bound with 413, whether or not its length was announced', () =>
    inWorld(async (world) => {
      const tooLong = `{"jsonrpc":"2.0","pad":"${'x'.repeat(70_000)}"}`;
      expect((await send(world, { body: tooLong })).status).toBe(413);
      const unannounced = await fetch(world.url, {
        method: 'POST',
        headers: { Authorization: `Bearer ${aliceKey}`, 'Content-Type': 'application/json', ...accepts },
        body: new Blob([tooLong]).stream(),
        duplex: 'half',
      } as RequestInit);
      expect(unannounced.status).toBe(413);
      expect(await unannounced.json()).toMatchObject({ error: { data: { code: 'payload_too_large', maxBytes: 65_536 } } });
    }));

  it('survives arguments nested thousands of levels deep, in both eras', () =>
    inWorld(async (world) => {
      const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
      for (const [message, headers] of [
        [legacyCall('echo'), {}] as const,
        [modernCall('echo'), modernHeaders('echo')] as const,
      ]) {
        const body = JSON.stringify(message).replace('"arguments":{}', `"arguments":{"deep":${deep}}`);
        await (await send(world, { body, headers })).text();
      }
      expect((await send(world, { path: '/healthz', method: 'GET' })).status).toBe(200);
    }));

  it('answers an unknown path with 404', () =>
    inWorld(async (world) => {
      const response = await send(world, { path: '/nothing', body: {} });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'not_found', requestId: response.headers.get('x-request-id') });
    }));

  it('answers a client that accepts anything, as curl does, and refuses one that takes no stream', () =>
    inWorld(async (world) => {
      for (const Accept of ['*/*', 'text/html, */*;q=0.8']) {
        const response = await send(world, { body: legacyCall('echo'), headers: { Accept } });
        expect(response.status).toBe(200);
        expect(await firstEvent(response)).toMatchObject({ result: { isError: false } });
      }
      expect((await send(world, { body: legacyCall('echo'), headers: { Accept: 'application/json' } })).status).toBe(406);
    }));

  it('lists tools to a single POST without a handshake', () =>
    inWorld(async (world) => {
      const response = await send(world, { body: { jsonrpc: '2.0', id: 'a', method: 'tools/list' } });
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(await response.json()).toMatchObject({ id: 'a', result: { tools: [{ name: 'count' }, {}, {}, {}] } });
    }));
});

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

describe('what orchestrators ask', () => {
  it('answers that it lives and that it is ready, without a key and under any host name', () =>
    inWorld(async ({ port }) => {
      for (const path of ['/healthz', '/readyz']) {
        const status = await new Promise((resolve, reject) => {
          httpRequest({ host: '127.0.0.1', port, path, headers: { Host: '10.1.2.3:7433' } }, (response) =>
            resolve(response.resume().statusCode),
          )
            .on('error', reject)
            .end();
        });
        expect(status, path).toBe(200);
      }
    }));

  it('answers 503 while a part is missing, and while it drains', () =>
    inWorld(async (world) => {
      const ready = () => send(world, { path: '/readyz', method: 'GET' });
      world.isReady = false;
      expect((await ready()).status).toBe(503);
      world.isReady = true;
      expect((await ready()).status).toBe(200);
      await world.app.close(100);
      expect(await (await ready()).json()).toEqual({ status: 'not ready', checks: { storage: true, accepting: false } });
      const refused = await send(world, { body: legacyCall('echo') });
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ error: { data: { code: 'unavailable' } } });
    }));
});
