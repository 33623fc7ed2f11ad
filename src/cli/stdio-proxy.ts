import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { systemClock } from '../lib/clock.ts';
import { version } from '../version.ts';
import { endedEarly, explainFailure, type Failure } from './stdio-failures.ts';
import { fetchUnlessSilent } from './stdio-fetch.ts';
import type { StdioConfig } from './stdio-settings.ts';

/** The bridge writes to an open stream every 10 s; a minute without a byte means that it, or the network, is gone. */
const maxSilentMs = 60_000;
/** A request that carries its revision is of the 2026 era, where closing its stream is what cancels it. */
const revisionKey = 'io.modelcontextprotocol/protocolVersion';

type Id = JSONRPCRequest['id'];

/** A request that the client waits for. */
interface Pending {
  request: JSONRPCRequest;
  stop: AbortController;
}

/**
 * Passes messages between stdin and stdout and the bridge, untouched; resolves when either of them ends. Every request gets an answer:
 * the bridge's, or an error that says why there is none. `report` tells a person the same.
 */
export async function proxyStdio({ mcpUrl, apiKey }: StdioConfig, report: (line: string) => void): Promise<void> {
  const client = new StdioServerTransport();
  const bridge = new StreamableHTTPClientTransport(mcpUrl, {
    requestInit: { headers: { Authorization: `Bearer ${apiKey}`, 'User-Agent': `sidelight-stdio/${version}` } },
    fetch: fetchUnlessSilent(systemClock, maxSilentMs),
  });
  const waiting = new Map<Id, Pending>();
  const ended = new Promise<void>((done) => {
    client.onclose = done;
  });

  const toClient = (message: JSONRPCMessage) => void client.send(message).catch(() => undefined); // it has hung up
  const fail = (id: Id, { message, data, code }: Failure) => {
    if (!waiting.delete(id)) return;
    report([message, data.next].filter((part) => part !== undefined).join(' '));
    toClient({ jsonrpc: '2.0', id, error: { code, message, data } });
  };

  const ask = async (request: JSONRPCRequest) => {
    const { id } = request;
    const stop = new AbortController();
    waiting.set(id, { request, stop });
    const onRequestStreamEnd = () => fail(id, endedEarly(mcpUrl));
    await bridge
      .send(request, { requestSignal: stop.signal, onRequestStreamEnd })
      .catch((problem: unknown) => fail(id, explainFailure(problem, mcpUrl)));
  };

  const tell = (message: JSONRPCMessage) =>
    bridge.send(message).catch((problem: unknown) => report(explainFailure(problem, mcpUrl).message));

  /** Nobody waits for the answer any more. The 2025 era says so in a message of its own, and a stream that is cut means nothing there. */
  const cancel = async (message: JSONRPCMessage, id: Id) => {
    const cancelled = waiting.get(id);
    waiting.delete(id);
    if (cancelled === undefined || !isModern(cancelled.request)) await tell(message);
    cancelled?.stop.abort();
  };

  client.onmessage = (message) => {
    if (isJSONRPCRequest(message)) void ask(message);
    else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled')
      void cancel(message, message.params?.requestId as Id);
    else void tell(message);
  };
  client.onerror = () => {
    const message = 'A line on stdin was not a JSON-RPC message.';
    report(message);
    toClient({ jsonrpc: '2.0', error: { code: -32_600, message } });
  };
  bridge.onmessage = (message) => {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      const answered = message.id === undefined ? undefined : waiting.get(message.id);
      if (answered === undefined) return; // cancelled meanwhile
      waiting.delete(answered.request.id);
      const revision = isJSONRPCResultResponse(message) ? message.result.protocolVersion : undefined;
      if (answered.request.method === 'initialize' && typeof revision === 'string') bridge.setProtocolVersion(revision);
    }
    toClient(message);
  };

  await bridge.start();
  await client.start();
  await ended;
  waiting.clear();
  await bridge.close();
}

function isModern({ params }: JSONRPCRequest): boolean {
  return typeof params?._meta?.[revisionKey] === 'string';
}
