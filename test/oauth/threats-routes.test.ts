import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policiesWith } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type Company, startCompany } from './sign-in/company.ts';

interface Route {
  method: string;
  path: string;
}

let company: Company;
let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let routes: Route[];
beforeAll(async () => {
  company = await startCompany();
  policies = await policiesWith({ 'identity.yaml': company.policy() });
  bridge = await startBridge({ policies: policies.directory });
  routes = await allRoutes();
});
afterAll(async () => {
  await bridge.close();
  await policies.remove();
  await company.close();
});

/** Every route that the bridge itself tells of, and those nobody tells of: pages, health, nothing at all. */
async function allRoutes(): Promise<Route[]> {
  const { origin } = bridge.url;
  const told = [];
  const api = '/api/v1';
  const { paths } = (await (await fetch(`${origin}${api}/openapi.json`)).json()) as { paths: Record<string, object> };
  for (const [path, methods] of Object.entries(paths))
    for (const method of Object.keys(methods))
      told.push({ method: method.toUpperCase(), path: api + path.replaceAll(/\{\w+\}/g, 'act_x') });
  const about = (await (await fetch(`${origin}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>;
  for (const [name, url] of Object.entries(about)) {
    if (!/(?:_endpoint|_uri)$/.test(name)) continue;
    const path = new URL(String(url)).pathname;
    told.push({ method: 'GET', path }, { method: 'POST', path }, { method: 'OPTIONS', path });
  }
  const wellKnown = ['oauth-protected-resource', 'oauth-authorization-server', 'openid-configuration'];
  const pages = ['/oauth/interaction/x', '/oauth/callback', '/oauth/local', '/oauth/authorize/x', '/oauth/session/end'];
  return [
    ...told,
    ...wellKnown.flatMap((name) => [`/.well-known/${name}`, `/.well-known/${name}/mcp`]).map((path) => ({ method: 'GET', path })),
    ...pages.flatMap((path) => [
      { method: 'GET', path },
      { method: 'POST', path },
    ]),
    ...['GET', 'POST', 'DELETE', 'OPTIONS'].map((method) => ({ method, path: '/mcp' })),
    ...['/', '/nothing', '/api/v1/nothing', '/api/v1/openapi.json', '/healthz', '/readyz'].map((path) => ({
      method: 'GET',
      path,
    })),
  ];
}

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
}

/** A request with headers that `fetch` would not send. */
function ask({ method, path }: Route, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { port } = bridge.url;
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers })).resume();
    });
    sent.on('error', reject).end();
  });
}

const named = ({ method, path }: Route) => `${method} ${path}`;
const isHealth = ({ path }: Route) => path === '/healthz' || path === '/readyz';
/** Asked by programs in pages of any origin; what they answer is the same for all, or hangs on a secret in the body. */
const isOpen = ({ path }: Route) => path.startsWith('/.well-known/') || /^\/oauth\/(?:token|register|revoke|jwks)$/.test(path);

describe('threat 22, a cache between callers', () => {
  it('finds routes of every kind to look at', () => {
    expect(routes.length).toBeGreaterThan(50);
    for (const path of ['/mcp', '/oauth/token', '/oauth/callback', '/api/v1/snapshots', '/api/v1/keys'])
      expect(routes.map((each) => each.path)).toContain(path);
  });

  it('keeps no answer of any route, with a key or without, and would not give one caller the answer of another', async () => {
    for (const key of [undefined, bridge.readKey]) {
      for (const route of routes) {
        const { headers, status } = await ask(route, key === undefined ? {} : { Authorization: `Bearer ${key}` });
        expect({
          of: `${named(route)} ${status}`,
          cached: headers['cache-control'],
          vary: String(headers.vary).toLowerCase().split(/, */).includes('authorization'),
          sniffed: headers['x-content-type-options'],
        }).toEqual({
          of: `${named(route)} ${status}`,
          cached: expect.stringMatching(/(?:^|, ?)no-store\b/),
          vary: true,
          sniffed: 'nosniff',
        });
      }
    }
  });
});

describe('threat 9, a web page that reaches a bridge on the same machine', () => {
  const foreign = [
    ...['evil.example.com', 'localhost.evil.example.com', '127.0.0.1.evil.example.com', 'evil.example.com:80', '169.254.169.254'],
    ...['0.0.0.0', '[::ffff:127.0.0.1]', 'user@127.0.0.1', '127.0.0.1/x', '127.0.0.1 evil.example.com'],
  ];

  it('by a name of its own (DNS rebinding) is answered 421 on every route but the two that orchestrators ask', async () => {
    for (const route of routes) {
      const { status, headers } = await ask(route, { Host: 'evil.example.com' });
      expect({ of: named(route), status }).toEqual({ of: named(route), status: isHealth(route) ? 200 : 421 });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it.each(foreign)('by the name %j is answered 421 or not at all', async (Host) => {
    for (const path of [
      '/mcp',
      '/oauth/token',
      '/oauth/authorize',
      '/api/v1/status',
      '/.well-known/oauth-authorization-server',
    ]) {
      const { status } = await ask({ method: 'GET', path }, { Host });
      expect([400, 421], `${Host} ${path}`).toContain(status);
    }
  });

  it('from another origin is refused, or reads what anybody may, never with cookies', async () => {
    for (const route of routes.filter((each) => !isHealth(each))) {
      const { status, headers } = await ask(route, {
        Origin: 'https://evil.example.com',
        'Access-Control-Request-Method': 'POST',
      });
      expect(headers['access-control-allow-credentials'], named(route)).toBeUndefined();
      expect(headers['access-control-allow-origin'], named(route)).toBe(isOpen(route) ? '*' : undefined);
      if (!isOpen(route)) expect({ of: named(route), status }).toEqual({ of: named(route), status: 403 });
    }
  });

  it('is sent nowhere else by a page of ours, whatever its query asks for', async () => {
    const wishes = [
      'next',
      'return_to',
      'returnTo',
      'redirect_uri',
      'post_logout_redirect_uri',
      'target_link_uri',
      'url',
      'RelayState',
    ];
    for (const path of [
      '/oauth/callback',
      '/oauth/local',
      '/oauth/interaction/x',
      '/oauth/authorize',
      '/oauth/session/end',
      '/',
    ]) {
      for (const goal of ['https://evil.example.com/', '//evil.example.com', '/\\evil.example.com']) {
        const query = new URLSearchParams(wishes.map((name): [string, string] => [name, goal]));
        const { headers } = await ask({ method: 'GET', path: `${path}?${query}` });
        expect(headers.location, `${path} ${goal}`).toBeUndefined();
      }
    }
  });
});
