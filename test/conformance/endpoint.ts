import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import { allTools } from '../../src/tools/all.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { fixtureSpine } from './fixture-spine.ts';

const key = 'slk_conformance';

const principal: Principal = {
  org: 'conformance',
  subject: 'key:conformance',
  name: 'conformance',
  kind: 'api_key',
  role: 'developer',
  scopes: ['runtime:read', 'runtime:capture'],
  permissions: ['dev_api'],
  groups: [],
};

/** The bridge's whole HTTP side over the fixture tools, reached through a proxy that adds the key: the suite cannot send one. */
export async function startEndpoint(): Promise<{ url: string; close(): Promise<void> }> {
  const app = createApp(
    {
      config: { publicUrl: undefined, allowedOrigins: [], maxBodyBytes: 1024 * 1024 },
      log: createLog('warn'),
      services: { clock: systemClock, version: '0.0.0', ready: async () => ({ ok: true, checks: {} }) },
      registry: createRegistry(allTools),
      authenticate: async (bearer) => {
        if (bearer !== key) throw new Refusal({ code: 'invalid_token', message: 'This is not the key.' });
        return principal;
      },
    },
    fixtureSpine(),
  );
  const endpoint = createServer(app.koa.callback());
  const endpointPort = await listen(endpoint);
  const proxy = keyAddingProxy(endpointPort);
  const proxyPort = await listen(proxy);
  return {
    // The name, not the address: the DNS rebinding scenario makes its good and its bad Host from it.
    url: `http://localhost:${proxyPort}/mcp`,
    async close() {
      await app.close(1_000);
      await Promise.all([proxy, endpoint].map(stop));
    },
  };
}

/** Forwards everything untouched, Host and Origin included, but for the key. */
function keyAddingProxy(port: number): Server {
  return createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const upstream = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { ...headers, authorization: `Bearer ${key}` },
    });
    upstream.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, 'localhost', () => resolve((server.address() as AddressInfo).port));
  });
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
