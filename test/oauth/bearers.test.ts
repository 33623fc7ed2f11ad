import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { makeToken } from '../../src/identity/token-form.ts';
import { onCheckout, startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { alice } from './people.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

let world: OAuthWorld;
let agent: SimulatedAgent;
let origin: string;
beforeAll(async () => {
  world = await oauthWorld();
  origin = world.bridge.url.origin;
  agent = await startAgent(world.bridge);
});
afterAll(async () => {
  await agent?.stop();
  await world?.close();
});
afterEach(() => void vi.useRealTimers());

const grants = () => world.bridge.bridge.oauth?.grants;
const codeOf = (body: unknown) => {
  const { error, result } = body as {
    error?: { data: { code: string } };
    result?: { structuredContent: { error?: { code: string } }; _meta: Record<string, unknown> };
  };
  return error?.data.code ?? result?.structuredContent.error?.code;
};

describe('an access token', () => {
  it('is its person of now: organisation, role, groups and name, with the scopes of the token', async () => {
    const { access_token, clientId } = await world.client.tokens({ scope: 'openid runtime:read' });
    world.people.change(alice, { role: 'group_admin', groups: ['payments'], name: 'Alice B.' });
    const principal = await world.bridge.bridge.authenticate(access_token, '127.0.0.1');
    world.people.change(alice, { role: 'developer', groups: ['everyone'], name: 'alice' });
    expect(principal).toMatchObject({
      ...{ org: 'default', subject: 'user:alice', name: 'Alice B.', kind: 'person', role: 'group_admin', groups: ['payments'] },
      ...{ scopes: ['runtime:read'], permissions: [], clientId, credentialId: expect.stringMatching(/^grant_/) },
      tokenRef: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
  });

  it('opens the HTTP API as well', async () => {
    const { access_token } = await world.client.tokens();
    const response = await fetch(`${origin}/api/v1/sources`, { headers: { Authorization: `Bearer ${access_token}` } });
    expect(response.status).toBe(200);
    const inUrl = await fetch(`${origin}/api/v1/sources?access_token=${access_token}`);
    expect(inUrl.status).toBe(400);
  });

  it.each([
    { title: 'unknown', token: async () => makeToken('access') },
    { title: 'mistyped', token: async () => `${(await world.client.tokens()).access_token.slice(0, -1)}!` },
    { title: 'a refresh token', token: async () => (await world.client.tokens()).refresh_token },
    { title: 'a code', token: async () => (await world.client.code((await world.client.tokens()).clientId)).code },
  ])('that is $title is no token', async ({ token }) => {
    const { status, challenge, body } = await world.client.call(await token());
    expect({ status, code: codeOf(body) }).toEqual({ status: 401, code: 'invalid_token' });
    expect(challenge).toContain('error="invalid_token"');
    expect(challenge).toContain('resource_metadata=');
  });

  it('for another resource is no token', async () => {
    const { access_token } = await world.client.tokens();
    const { oauth } = world.bridge.bridge;
    const before = oauth?.faceAt;
    expect(before).toBeDefined();
    oauth?.faceAt('http://127.0.0.1:1');
    expect((await world.client.call(access_token)).status).toBe(401);
    oauth?.faceAt(origin);
    expect((await world.client.call(access_token)).status).toBe(200);
  });

  it('of a person who is disabled ends with the next request', async () => {
    const { access_token } = await world.client.tokens();
    world.people.change(alice, { disabledAt: 1 });
    expect((await world.client.call(access_token)).status).toBe(401);
    world.people.change(alice, { disabledAt: undefined });
    expect((await world.client.call(access_token)).status).toBe(200);
  });

  it('ends when its client gives it back, with everything of the same sign-in', async () => {
    const { access_token, refresh_token, clientId } = await world.client.tokens();
    expect(await world.client.revoke(refresh_token, clientId)).toBe(200);
    expect((await world.client.call(access_token)).status).toBe(401);
    expect((await world.client.refresh(refresh_token, clientId)).error).toBe('invalid_grant');
    expect((await world.events()).at(-1)).toMatchObject({ event: 'token_revoked', subject: 'user:alice', clientId });
    const other = await world.client.tokens();
    expect(await world.client.revoke(other.access_token, clientId)).toBe(200);
    expect((await world.client.call(other.access_token)).status).toBe(200);
  });
});

describe('a call that needs a wider consent', () => {
  it('is refused before it is answered, with all scopes the client should ask for, and leaves a record', async () => {
    const { access_token } = await world.client.tokens({ scope: 'runtime:read' });
    const { status, challenge, body } = await world.client.call(access_token, 'take_snapshot', onCheckout);
    expect({ status, code: codeOf(body) }).toEqual({ status: 403, code: 'insufficient_scope' });
    expect(challenge).toMatch(
      /^Bearer realm="sidelight", resource_metadata="[^"]+", scope="runtime:read runtime:capture", error="insufficient_scope"/,
    );
    const [record] = await world.bridge.bridge.audit.recent('default', 1);
    expect(record).toMatchObject({
      event: 'tool_call',
      tool: 'take_snapshot',
      decision: 'refused',
      reason: 'insufficient_scope',
    });
  });

  it('through the HTTP API is challenged the same', async () => {
    const { access_token } = await world.client.tokens({ scope: 'runtime:read' });
    const response = await fetch(`${origin}/api/v1/snapshots`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${access_token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(onCheckout),
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="runtime:read runtime:capture"');
  });

  it('is answered as a result for a key, which no browser can widen', async () => {
    const { status, challenge, body } = await world.client.call(world.bridge.readKey, 'take_snapshot', onCheckout);
    expect({ status, challenge, code: codeOf(body) }).toEqual({ status: 200, challenge: null, code: 'insufficient_scope' });
  });

  it('is answered as a result for a person whose role does not have the tool', async () => {
    const { access_token } = await world.client.tokens({ scope: 'runtime:read' });
    world.people.change(alice, { role: 'viewer' });
    const { status, body } = await world.client.call(access_token, 'take_snapshot', onCheckout);
    world.people.change(alice, { role: 'developer' });
    expect({ status, code: codeOf(body) }).toEqual({ status: 200, code: 'org_access_denied' });
  });

  it('is one of a resource as well', async () => {
    const { access_token } = await world.client.tokens({ scope: 'runtime:capture' });
    const read = (method: string, params: object) =>
      fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: {
          ...{ Authorization: `Bearer ${access_token}`, 'Content-Type': 'application/json' },
          Accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      });
    const { result } = (await (await read('resources/templates/list', {})).json()) as {
      result: { resourceTemplates: { uriTemplate: string }[] };
    };
    const uri = result.resourceTemplates[0]?.uriTemplate.replace(/\{[^}]+\}/g, 'act_0000000000000000000000');
    expect((await read('resources/read', { uri })).status).toBe(403);
    expect((await read('resources/list', {})).status).toBe(200);
  });
});

describe('what is under way when a grant is taken back', () => {
  const waiting = { ...onCheckout, condition: 'price < 0', waitSeconds: 60, timeoutSeconds: 120 };
  const placed = () =>
    until('a snapshot waits', async () => {
      const all = await world.bridge.bridge.services.actions.store.live('default', Date.now());
      return all.find(({ targets }) => targets[0]?.state === 'armed');
    });

  it('is a call: it ends without an answer, and says that signing in helps', async () => {
    const { access_token } = await world.client.tokens();
    const call = world.client.call(access_token, 'take_snapshot', waiting);
    await placed();
    const [app] = (await grants()?.list('default')) ?? [];
    expect(await grants()?.revoke('default', app?.id ?? '', { requestId: 'req_admin' })).toBe(true);
    const { body } = await call;
    expect(codeOf(body)).toBe('invalid_token');
    const { result } = body as { result: { _meta: Record<string, string[]> } };
    expect(result._meta['mcp/www_authenticate']?.[0]).toContain('error="invalid_token"');
    expect((await world.client.call(access_token)).status).toBe(401);
    expect((await world.events()).at(-1)).toMatchObject({ event: 'grant_revoked', grant: app?.id, requestId: 'req_admin' });
  });

  it('is a call of a person who was disabled elsewhere: what it captured is withheld', async () => {
    const { access_token } = await world.client.tokens();
    const call = world.client.call(access_token, 'take_snapshot', { ...waiting, waitSeconds: 2 });
    await placed();
    world.people.change(alice, { disabledAt: 1 });
    const { body } = await call;
    world.people.change(alice, { disabledAt: undefined });
    expect(codeOf(body)).toBe('invalid_token');
  });

  it('is nothing of another organisation', async () => {
    await world.client.tokens();
    const [app] = (await grants()?.list('default', 'user:alice')) ?? [];
    expect(await grants()?.list('acme')).toEqual([]);
    expect(await grants()?.find('acme', app?.id ?? '')).toBeUndefined();
    expect(await grants()?.revoke('acme', app?.id ?? '')).toBe(false);
    expect(await grants()?.find('default', app?.id ?? '')).toEqual(app);
    expect(await grants()?.list('default', 'user:bob')).toEqual([]);
  });
});
