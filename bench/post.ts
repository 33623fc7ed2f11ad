import { Agent, request } from 'node:http';

/** One client for every subject, so that differences are the servers'. */
const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });

/** POSTs JSON on a kept connection and resolves with the complete body; rejects on any status but 200 and 201. */
export function post(url: string, body: object, headers: Record<string, string>): Promise<string> {
  const payload = Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sending = request(url, {
      agent,
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': payload.length,
        Accept: 'application/json, text/event-stream',
        ...headers,
      },
    });
    sending.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        response.statusCode === 200 || response.statusCode === 201
          ? resolve(text)
          : reject(new Error(`${response.statusCode} ${text}`)),
      );
    });
    sending.on('error', reject).end(payload);
  });
}

/** A `tools/call` of each era: what to send, and the headers that belong to it. */
export const eras = {
  legacy: (name: string, args: object) => ({
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } },
    headers: { 'MCP-Protocol-Version': '2025-11-25' },
  }),
  modern: (name: string, args: object) => ({
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: args,
        _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
      },
    },
    headers: { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': name },
  }),
} as const;

/** Calls a tool and gives its result; throws when it is an error. */
export async function callTool(
  url: string,
  key: string,
  era: keyof typeof eras,
  name: string,
  args: object,
): Promise<Record<string, unknown>> {
  const { body, headers } = eras[era](name, args);
  const stream = await post(url, body, { ...headers, Authorization: `Bearer ${key}` });
  const data = stream.split('\n').find((line) => line.startsWith('data: ')) ?? '';
  const { result } = JSON.parse(data.slice('data: '.length)) as {
    result?: { isError: boolean; structuredContent: Record<string, unknown> };
  };
  if (result === undefined || result.isError) throw new Error(`${name} failed: ${stream}`);
  return result.structuredContent;
}

/** Ends the kept connections. */
export function hangUp(): void {
  agent.destroy();
}
