import type { AddressInfo } from 'node:net';
import { type App, createApp } from '../../src/app.ts';
import type { CallRequest } from '../../src/call.ts';
import { createHttpServer } from '../../src/http/server.ts';
import type { Principal } from '../../src/identity/principal.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Refusal, type RefusalDetails } from '../../src/lib/refusal.ts';
import type { Spine } from '../../src/mcp/spine.ts';
import { allTools } from '../../src/tools/all.ts';
import type { Answer } from '../../src/tools/present.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { createTestClock } from '../helpers/clock.ts';

/** What stands in for the tools: gets the call as `call()` would, and answers. */
export type Answering = (request: CallRequest) => Promise<Answer> | Answer;

export interface ApiWorld {
  port: number;
  app: App;
  clock: Clock;
  /** Sends a request with the good key; every part can be made different. */
  send(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

export const goodKey = 'slk_good';

const caller: Principal = {
  ...{ org: 'acme', subject: 'key:good', name: 'good', kind: 'api_key', role: 'developer' },
  ...{ scopes: ['runtime:read'], permissions: ['dev_api'], groups: [] },
};

/** Runs the bridge's HTTP side over tools of the test, on a free loopback port, and stops it afterwards. */
export async function inApi(answering: Answering, run: (world: ApiWorld) => Promise<void>): Promise<void> {
  const clock = createTestClock();
  const spine: Spine = {
    ...{ resources: [], prompts: [], list: () => [] },
    needsConsent: () => false,
    call: async (_principal, request) => answering(request),
  };
  const app = createApp(
    {
      config: { publicUrl: undefined, allowedOrigins: ['https://page.example'], maxBodyBytes: 1_024 },
      log: createLog('silent'),
      services: { clock, version: '1.2.3', ready: async () => ({ ok: true, checks: {} }) },
      registry: createRegistry(allTools),
      authenticate: async (bearer) => {
        if (bearer === undefined) throw new Refusal({ code: 'missing_token', message: 'The request has no key.' });
        if (bearer !== goodKey) throw new Refusal({ code: 'invalid_token', message: 'The key is unknown.' });
        return caller;
      },
    },
    spine,
  );
  const server = createHttpServer(app.koa.callback(), (_request, socket) => socket.destroy());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { Authorization: `Bearer ${goodKey}`, ...init.headers } });
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    send(path, {
      method: 'POST',
      ...init,
      headers: { 'Content-Type': 'application/json', ...init.headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  try {
    await run({ port, app, clock, send, post });
  } finally {
    await app.close(0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export function answerOf({ requestId }: CallRequest, own: Record<string, unknown> = {}): Answer {
  return { isError: false, text: '', structured: { requestId, ...own, latencyMs: { charge: 1.5, total: 2 } } };
}

export function refusalOf({ requestId }: CallRequest, refusal: RefusalDetails): Answer {
  return { isError: true, text: refusal.message, structured: { requestId, error: { ...refusal } }, refusal };
}
