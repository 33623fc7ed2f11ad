import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { accepts, firstEvent, legacyCall, modernCall, modernHeaders, send, sendRaw } from './send.ts';
import { aliceKey, brokenKey, inWorld, type World } from './world.ts';

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

describe('web pages of an allowed origin', () => {
  const page = 'https://ide.example';
  const settings = { allowedOrigins: [page] };
  const list = (world: World, headers: Record<string, string>) =>
    send(world, { body: { jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers });

  it('are told before they have a key that they may send what MCP clients send', () =>
    inWorld(async (world) => {
      const response = await fetch(world.url, {
        method: 'OPTIONS',
        headers: {
          Origin: page,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,content-type,mcp-protocol-version',
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(page);
      expect(response.headers.get('access-control-allow-methods')).toContain('POST');
      const allowed = response.headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
      expect(allowed).toEqual(
        expect.arrayContaining([
          ...[
            'authorization',
            'content-type',
            'mcp-protocol-version',
            'mcp-session-id',
            'mcp-method',
            'mcp-name',
            'last-event-id',
          ],
        ]),
      );
      expect(response.headers.get('vary')).toContain('Origin');
      expect(await response.text()).toBe('');
      expect(world.seen).toEqual([]);
    }, settings));

  it.each([
    { what: 'a list', body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } },
    { what: 'a call of the 2025 era', body: legacyCall('echo') },
    { what: 'a call of the 2026 era', body: modernCall('echo'), headers: modernHeaders('echo') },
    { what: 'a refusal', body: legacyCall('echo'), headers: { Authorization: '' } },
  ])('may read the answer to $what', ({ body, headers }: { body: object; headers?: Record<string, string> }) =>
    inWorld(async (world) => {
      const response = await send(world, { body, headers: { ...headers, Origin: page } });
      expect(response.headers.get('access-control-allow-origin')).toBe(page);
      expect(response.headers.get('access-control-expose-headers')?.toLowerCase()).toMatch(/mcp-session-id, www-authenticate/);
      expect(response.headers.get('vary')).toContain('Origin');
      await response.text();
    }, settings),
  );

  it('are named one by one: other pages are refused, and programs hear nothing of it', () =>
    inWorld(async (world) => {
      const preflight = { 'Access-Control-Request-Method': 'POST' };
      const foreign = await send(world, { method: 'OPTIONS', headers: { ...preflight, Origin: 'https://evil.example' } });
      expect(foreign.status).toBe(403);
      expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
      const program = await list(world, {});
      expect(program.headers.get('access-control-allow-origin')).toBeNull();
      expect(program.headers.get('vary')).toContain('Origin');
      const local = await list(world, { Origin: 'http://localhost:6274' });
      expect(local.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
    }, settings));
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

  it.each(['2025-11-25', '2026-07-28'])(
    'of era %s refuses what is nested a hundred levels deep or has thousands of values, and takes brackets in a text',
    (version) =>
      inWorld(async (world) => {
        const meta = {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientCapabilities': {},
        };
        const headers = { 'MCP-Protocol-Version': version, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo' };
        const body = (text: string) =>
          JSON.stringify({
            ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
            params: { name: 'echo', arguments: { text }, ...(version > '2026' ? { _meta: meta } : {}) },
          });
        const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
        const wide = `[${'{},'.repeat(2_000)}1]`;
        for (const value of [deep, wide]) {
          const response = await send(world, { body: body('@').replace('"@"', value), headers });
          expect(response.status).toBe(400);
          expect(await response.json()).toMatchObject({ error: { data: { code: 'malformed_json' } } });
        }
        for (const text of [wide, deep, `\\"${deep}`, `\\\\${deep}`])
          expect((await (await send(world, { body: body(text), headers })).text()).includes('"isError":true')).toBe(false);
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
      expect(await (await ready()).json()).toEqual({
        status: 'not ready',
        checks: { storage: true, accepting: false },
        failing: ['accepting'],
      });
      const refused = await send(world, { body: legacyCall('echo') });
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ error: { data: { code: 'unavailable' } } });
    }));
});
