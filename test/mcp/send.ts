import { request as httpRequest } from 'node:http';
import { aliceKey, type World } from './world.ts';

/** A `tools/call` of the 2025 era. */
export const legacyCall = (name: string, id: number | string = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});

/** A `tools/call` of the 2026 era, and the headers that must repeat it. */
export const modernCall = (name: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name,
    arguments: {},
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
  },
});

export const accepts = { Accept: 'application/json, text/event-stream' };
export const modernHeaders = (name: string) => ({
  'MCP-Protocol-Version': '2026-07-28',
  'Mcp-Method': 'tools/call',
  'Mcp-Name': name,
});

interface Sent {
  body?: unknown;
  headers?: Record<string, string>;
  method?: string;
  signal?: AbortSignal;
  path?: string;
}

/** Sends one request as a client with a good key would; every part can be made different. */
export function send({ port }: World, { body, headers, method = 'POST', signal, path = '/mcp' }: Sent): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    signal: signal ?? null,
    headers: { Authorization: `Bearer ${aliceKey}`, 'Content-Type': 'application/json', ...accepts, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** Like `send`, but with headers that `fetch` does not let through. */
export function sendRaw(port: number, headers: Record<string, string>, path = '/mcp'): Promise<{ status: number; body: string }> {
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
export async function firstEvent(response: Response): Promise<unknown> {
  const data = (await response.text()).split('\n').find((line) => line.startsWith('data: '));
  return JSON.parse(data?.slice('data: '.length) ?? 'null');
}
