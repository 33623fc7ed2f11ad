import { describe, expect, it } from 'vitest';
import type { CallRequest } from '../../src/call.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { sendRaw } from '../mcp/send.ts';
import { aborted } from '../mcp/world.ts';
import { answerOf, goodKey, inApi, refusalOf } from './world.ts';

const actionId = `act_${'0'.repeat(22)}`;
const snapshot = { file: 'src/a.ts', line: 3 };
/** Answers, and keeps what it was asked. */
const keeping = (seen: CallRequest[]) => (request: CallRequest) => {
  seen.push(request);
  return answerOf(request, { actionId });
};

describe('a request of the API', () => {
  it('becomes a call of its tool, with what its body says and a wait of none', async () => {
    const seen: CallRequest[] = [];
    await inApi(keeping(seen), async ({ post }) => {
      const response = await post('/api/v1/snapshots', snapshot, { headers: { 'User-Agent': 'curl/8.5.0' } });
      expect(response.status).toBe(201);
      expect(response.headers.get('location')).toBe(`/api/v1/actions/${actionId}`);
      expect(response.headers.get('server-timing')).toBe('charge;dur=1.5, total;dur=2');
      expect(await response.json()).toMatchObject({ actionId, requestId: response.headers.get('x-request-id') });
      expect(seen).toMatchObject([
        { tool: 'take_snapshot', arguments: { ...snapshot, waitSeconds: 0 }, client: 'curl/8.5.0', address: '127.0.0.1' },
      ]);
    });
  });

  it.each([
    { given: 20, waited: 20 },
    { given: null, waited: 0 },
  ])('waits $waited s when it says $given', ({ given, waited }) => {
    const seen: CallRequest[] = [];
    return inApi(keeping(seen), async ({ post }) => {
      await post('/api/v1/counters', { ...snapshot, waitSeconds: given });
      expect(seen[0]?.arguments).toMatchObject({ waitSeconds: waited });
    });
  });

  it('takes its arguments from the path and from the query, where a name may stand more than once', async () => {
    const seen: CallRequest[] = [];
    await inApi(keeping(seen), async ({ send }) => {
      const response = await send(`/api/v1/actions/${actionId}?waitSeconds=30&afterHit=2&x=1&x=2`);
      expect(response.status).toBe(200);
      expect(response.headers.get('location')).toBeNull();
      expect(seen).toMatchObject([
        { tool: 'wait_for_hits', arguments: { actionId, waitSeconds: '30', afterHit: '2', x: ['1', '2'] } },
      ]);
    });
  });

  it.each([
    { what: 'an argument of the path again', method: 'GET', path: `/${actionId}?actionId=act_1`, field: 'actionId' },
    { what: 'the list that its path is in', method: 'DELETE', path: `/${actionId}?actionIds=act_1`, field: 'actionIds' },
    {
      what: 'what would end more than its path says',
      method: 'DELETE',
      path: `/${actionId}?investigation=x`,
      field: 'investigation',
    },
    { what: 'another hit than its path', method: 'GET', path: `/${actionId}/hits/1?hit=2`, field: 'hit' },
    { what: 'an argument of a POST in the query', method: 'POST', path: '/cancel?investigation=x', field: 'investigation' },
  ])('is refused when it says $what', async ({ method, path, field }) => {
    const seen: CallRequest[] = [];
    await inApi(keeping(seen), async ({ send, post }) => {
      const whole = `/api/v1/actions${path}`;
      const response = await (method === 'POST' ? post(whole, {}) : send(whole, { method }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'invalid_input', field });
      expect(seen).toEqual([]);
    });
  });

  it('has one way to write the number in its path', async () => {
    const seen: CallRequest[] = [];
    await inApi(keeping(seen), async ({ send }) => {
      expect((await send(`/api/v1/actions/${actionId}/hits/12`)).status).toBe(200);
      for (const odd of ['0x1', '1e0', '%201', '1%20', '01', '+1', '-1', '1.0', 'one', '%D9%A1']) {
        const response = await send(`/api/v1/actions/${actionId}/hits/${odd}`);
        expect(response.status, odd).toBe(400);
        expect(await response.json(), odd).toMatchObject({ code: 'invalid_input', field: 'hit', next: expect.any(String) });
      }
      expect(seen).toMatchObject([{ tool: 'get_hits', arguments: { actionId, hit: '12' } }]);
    });
  });

  it('that deletes an action names it as the list of one that the tool takes', async () => {
    const seen: CallRequest[] = [];
    await inApi(keeping(seen), async ({ send }) => {
      expect((await send(`/api/v1/actions/${actionId}`, { method: 'DELETE' })).status).toBe(200);
      expect(seen).toMatchObject([{ tool: 'cancel_actions', arguments: { actionIds: actionId } }]);
    });
  });

  it('ends its call when the client goes away', async () => {
    const begun: ((request: CallRequest) => void)[] = [];
    const isBegun = new Promise<CallRequest>((resolve) => begun.push(resolve));
    const hold = async (request: CallRequest) => {
      begun[0]?.(request);
      await aborted(request.signal);
      return answerOf(request);
    };
    await inApi(hold, async ({ post }) => {
      const leaving = new AbortController();
      const asked = post('/api/v1/snapshots', snapshot, { signal: leaving.signal }).catch((error: Error) => error.name);
      const { signal } = await isBegun;
      leaving.abort();
      expect(await asked).toBe('AbortError');
      await aborted(signal);
      expect(signal.reason).not.toBeInstanceOf(Refusal);
    });
  });

  it('is answered when the bridge goes down, and the next one is refused', async () => {
    const begun: (() => void)[] = [];
    const isBegun = new Promise<void>((resolve) => begun.push(resolve));
    const hold = async (request: CallRequest) => {
      begun[0]?.();
      await aborted(request.signal);
      return answerOf(request, { stopped: (request.signal.reason as Refusal).code });
    };
    await inApi(hold, async ({ send, app }) => {
      const waiting = send(`/api/v1/actions/${actionId}`);
      await isBegun;
      const closed = app.close(5_000);
      expect(await (await waiting).json()).toMatchObject({ stopped: 'unavailable' });
      await closed;
      const late = await send('/api/v1/status');
      expect(late.status).toBe(503);
      expect(late.headers.get('retry-after')).toBe('5');
      expect(await late.json()).toMatchObject({ code: 'unavailable' });
    });
  });
});

describe('a problem', () => {
  const refusing = (refusal: Parameters<typeof refusalOf>[1]) => (request: CallRequest) => refusalOf(request, refusal);

  it('is Problem Details with the code, the field, the next step, the facts and the request id', () =>
    inApi(
      refusing({ code: 'invalid_location', message: 'No such line.', field: 'line', next: 'Take 4.', data: { nearest: 4 } }),
      async ({ post, send }) => {
        const response = await post('/api/v1/snapshots', snapshot);
        expect(response.status).toBe(400);
        expect(response.headers.get('content-type')).toBe('application/problem+json');
        const problem = (await response.json()) as { type: string; title: string };
        expect(problem).toEqual({
          type: '/api/v1/problems/invalid_location',
          title: expect.any(String),
          ...{ status: 400, detail: 'No such line.', code: 'invalid_location', field: 'line', next: 'Take 4.' },
          data: { nearest: 4 },
          requestId: response.headers.get('x-request-id'),
        });
        const about = await send(problem.type, { headers: { Authorization: '' } });
        expect(await about.json()).toEqual({ code: 'invalid_location', status: 400, title: problem.title });
        expect((await send('/api/v1/problems/constructor')).status).toBe(404);
      },
    ));

  it('says when a quota renews', () =>
    inApi(
      (request) =>
        refusalOf(request, {
          ...{ code: 'quota_exceeded', message: 'Spent.' },
          data: { renewsAt: new Date(Date.UTC(2026, 0, 1, 0, 10)).toISOString() },
        }),
      async ({ send }) => {
        const response = await send('/api/v1/status');
        expect(response.status).toBe(429);
        expect(response.headers.get('retry-after')).toBe('600');
      },
    ));

  it('carries the challenge of RFC 6750 whenever a key is missing, wrong or ends while its call runs', () =>
    inApi(refusing({ code: 'invalid_token', message: 'The key was revoked.' }), async ({ send }) => {
      const none = await send('/api/v1/status', { headers: { Authorization: '' } });
      expect(none.headers.get('www-authenticate')).toBe('Bearer realm="sidelight", scope="runtime:read runtime:capture"');
      const wrong = await send('/api/v1/status', { headers: { Authorization: 'Bearer slk_wrong' } });
      const ended = await send('/api/v1/status');
      for (const response of [none, wrong, ended]) expect(response.status).toBe(401);
      for (const response of [wrong, ended])
        expect(response.headers.get('www-authenticate')).toContain('error="invalid_token", error_description="The key ');
    }));

  it('tells of a defect its code and the request id, and nothing else', () =>
    inApi(
      () => {
        throw new Error('secret detail of a defect');
      },
      async ({ send }) => {
        const response = await send('/api/v1/status');
        expect(response.status).toBe(500);
        const text = await response.text();
        expect(JSON.parse(text)).toMatchObject({ code: 'internal_error', requestId: response.headers.get('x-request-id') });
        expect(text).not.toMatch(/secret|\bat\b.*:\d+/);
      },
    ));

  it.each([
    { what: 'a body that is no JSON', body: '{"file":', status: 400, code: 'malformed_json' },
    { what: 'another type', body: '{}', type: 'text/plain', status: 415, code: 'unsupported_media_type' },
    { what: 'a body beyond the limit', body: `"${'x'.repeat(2_000)}"`, status: 413, code: 'payload_too_large' },
  ])('meets $what with $status', ({ body, type = 'application/json', status, code }) =>
    inApi(keeping([]), async ({ post }) => {
      const response = await post('/api/v1/locate', body, { headers: { 'Content-Type': type } });
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({ code, status });
    }),
  );

  it('meets a path nobody has with 404, and another method with 405 and the ones there are', () =>
    inApi(keeping([]), async ({ send }) => {
      for (const path of ['/api/v1', '/api/v1/', '/api/v1/nothing', `/api/v1/actions/${actionId}/nothing`]) {
        const response = await send(path);
        expect(response.status, path).toBe(404);
        expect(await response.json()).toMatchObject({ code: 'not_found', next: expect.stringContaining('openapi.json') });
      }
      const put = await send('/api/v1/actions', { method: 'PUT' });
      expect(put.status).toBe(405);
      expect(put.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD']);
      expect(await put.json()).toMatchObject({ code: 'method_not_allowed' });
    }));

  it('meets a foreign host, a foreign page and a token in the URL before anything runs', async () => {
    const seen: CallRequest[] = [];
    await inApi(keeping(seen), async ({ send, port }) => {
      const host = await sendRaw(port, { Host: 'evil.example' }, '/api/v1/snapshots');
      expect(host.status).toBe(421);
      expect(JSON.parse(host.body)).toMatchObject({ code: 'unknown_host', type: '/api/v1/problems/unknown_host' });
      const page = await send('/api/v1/status', { headers: { Origin: 'https://evil.example' } });
      expect(page.status).toBe(403);
      expect(await page.json()).toMatchObject({ code: 'forbidden_origin' });
      const inUrl = await send(`/api/v1/status?access_token=${goodKey}`);
      expect(inUrl.status).toBe(400);
      expect(await inUrl.text()).not.toContain(goodKey);
      expect(seen).toEqual([]);
    });
  });

  it('can be read by pages of an allowed origin, with where an action is and when to come again', () =>
    inApi(keeping([]), async ({ post }) => {
      const response = await post('/api/v1/snapshots', snapshot, { headers: { Origin: 'https://page.example' } });
      expect(response.headers.get('access-control-allow-origin')).toBe('https://page.example');
      const exposed = response.headers.get('access-control-expose-headers');
      for (const name of ['Location', 'Retry-After', 'X-Request-Id']) expect(exposed).toContain(name);
    }));
});
