import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Koa from 'koa';
import { WebSocket, WebSocketServer } from 'ws';
import { createApp } from '../src/app.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createLog } from '../src/lib/log.ts';
import { allTools } from '../src/tools/all.ts';
import { createRegistry } from '../src/tools/registry.ts';
import { post } from './post.ts';

/** Something that runs on a free loopback port. */
export interface Running {
  url: string;
  close(): Promise<void>;
}

/** The least a JSON endpoint on our framework can do: read a body, parse it, answer. */
export function bareKoa(): Promise<Running> {
  const koa = new Koa();
  koa.use(async (ctx) => {
    const { id } = JSON.parse(await text(ctx.req)) as { id: number };
    ctx.body = { id, ok: true };
  });
  return serve(createServer(koa.callback()));
}

/** Our HTTP side and both MCP legs over a tool that does nothing: what the protocol alone costs. */
export async function endpointOnly(): Promise<Running> {
  const app = createApp(
    {
      config: { publicUrl: undefined, allowedOrigins: [], maxBodyBytes: 1024 * 1024 },
      log: createLog('silent'),
      services: { clock: systemClock, version: '0.0.0', ready: async () => ({ ok: true, checks: {} }) },
      registry: createRegistry(allTools),
      authenticate: async () => ({
        ...{ org: 'bench', subject: 'key:bench', name: 'bench', kind: 'api_key', role: 'developer' },
        ...{ scopes: ['runtime:read'], permissions: ['dev_api'], groups: [] },
      }),
    },
    {
      resources: [],
      prompts: [],
      list: () => [],
      needsConsent: () => false,
      call: async (_principal, { requestId }) => ({ isError: false, text: 'ok', structured: { requestId } }),
    },
  );
  const running = await serve(createServer(app.koa.callback()));
  return { url: `${running.url}/mcp`, close: async () => Promise.all([app.close(1_000), running.close()]).then(() => undefined) };
}

/** Asks the bare endpoint once. */
export async function askBareKoa(url: string): Promise<void> {
  await post(url, { id: 1, method: 'tools/call', params: { name: 'nothing', arguments: {} } }, {});
}

/** A bare WebSocket echo: the least a message to an agent and back can cost. */
export async function echo(): Promise<{ once(): Promise<void>; close(): Promise<void> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const message = JSON.stringify({ t: 'arm', file: 'src/checkout.ts', line: 9 });
  return {
    once: () =>
      new Promise((resolve) => {
        socket.once('message', () => resolve());
        socket.send(message);
      }),
    async close() {
      socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(server: Server): Promise<Running> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
