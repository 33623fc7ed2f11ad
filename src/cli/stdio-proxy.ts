import { pipeline } from 'node:stream';
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
import pTimeout from 'p-timeout';
import { systemClock } from '../lib/clock.ts';
import { version } from '../version.ts';
import { endedEarly, explainFailure, type Failure } from './stdio-failures.ts';
import { fetchUnlessSilent } from './stdio-fetch.ts';
import { wholeLines } from './stdio-input.ts';
import { type RequestId, Requests } from './stdio-requests.ts';
import type { StdioConfig } from './stdio-settings.ts';

/** The bridge writes to an open stream every 10 s; a minute without a byte means that it, or the network, is gone. */
const maxSilentMs = 60_000;
/** How long answers may take once stdin has ended. A client that has left ends us sooner, by a signal; a shell pipe wants its answers. */
const maxLateMs = 10_000;
/** The JSON-RPC code of a message that is none. */
const invalidRequest = -32_600;
/** A request that carries its revision is of the 2026 era, where closing its stream is what cancels it. */
const revisionKey = 'io.modelcontextprotocol/protocolVersion';

/**
 * Passes messages between stdin and stdout and the bridge, untouched; resolves when either of them ends. Every request gets an answer:
 * the bridge's, or an error that says why there is none. `report` tells a person the same.
 */
export async function proxyStdio({ mcpUrl, apiKey }: StdioConfig, report: (line: string) => void): Promise<void> {
  const requests = new Requests();
  let told = Promise.resolve();
  const stdin = wholeLines({
    batch: (messages) => refuseBatch(messages),
    async ended() {
      const all = Promise.all([requests.idle(), told]);
      await pTimeout(all, { milliseconds: maxLateMs, fallback: () => undefined });
      if (requests.size > 0) report(unanswered(requests.size));
    },
  });
  const client = new StdioServerTransport(stdin);
  const bridge = new StreamableHTTPClientTransport(mcpUrl, {
    requestInit: { headers: { Authorization: `Bearer ${apiKey}`, 'User-Agent': `sidelight-stdio/${version}` } },
    fetch: fetchUnlessSilent(systemClock, maxSilentMs),
  });
  const ended = new Promise<void>((done) => {
    client.onclose = done;
  });

  const toClient = (message: JSONRPCMessage) => void client.send(message).catch(() => undefined); // it has hung up
  const fail = (id: RequestId, { message, data, code }: Failure) => {
    if (requests.settle(id) === undefined) return;
    report([message, data.next].filter((part) => part !== undefined).join(' '));
    toClient({ jsonrpc: '2.0', id, error: { code, message, data } });
  };

  const ask = async (request: JSONRPCRequest) => {
    const { id } = request;
    const stop = new AbortController();
    requests.add({ request, stop });
    const onRequestStreamEnd = () => fail(id, endedEarly(mcpUrl));
    await bridge
      .send(request, { requestSignal: stop.signal, onRequestStreamEnd })
      .catch((problem: unknown) => fail(id, explainFailure(problem, mcpUrl)));
  };

  const tell = (message: JSONRPCMessage): Promise<void> => {
    const sent = bridge.send(message).catch((problem: unknown) => report(explainFailure(problem, mcpUrl).message));
    told = Promise.all([told, sent]).then(() => undefined);
    return sent;
  };

  /** Nobody waits for the answer any more. The 2025 era says so in a message of its own, and a stream that is cut means nothing there. */
  const cancel = async (message: JSONRPCMessage, id: RequestId) => {
    const cancelled = requests.settle(id);
    if (cancelled === undefined || !isModern(cancelled.request)) await tell(message);
    cancelled?.stop.abort();
  };

  client.onmessage = (message) => {
    if (isJSONRPCRequest(message)) void ask(message);
    else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled')
      void cancel(message, message.params?.requestId as RequestId);
    else void tell(message);
  };
  const refuse = (message: string, ids: RequestId[]) => {
    report(message);
    const error = { code: invalidRequest, message };
    for (const id of ids) toClient({ jsonrpc: '2.0', id, error });
    if (ids.length === 0) toClient({ jsonrpc: '2.0', error });
  };
  /** As the bridge does over HTTP. For each request in it somebody waits. */
  const refuseBatch = (messages: unknown[]) =>
    refuse(
      'Batches are not taken; send one message per line.',
      messages.filter(isJSONRPCRequest).map(({ id }) => id),
    );
  client.onerror = () => refuse('A line on stdin was not a JSON-RPC message.', []);
  bridge.onmessage = (message) => {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      const answered = message.id === undefined ? undefined : requests.settle(message.id);
      if (answered === undefined) return; // cancelled meanwhile
      const revision = isJSONRPCResultResponse(message) ? message.result.protocolVersion : undefined;
      if (answered.request.method === 'initialize' && typeof revision === 'string') bridge.setProtocolVersion(revision);
    }
    toClient(message);
  };

  await bridge.start();
  await client.start();
  pipeline(process.stdin, stdin, () => undefined); // an error reaches the transport as one of its input
  await ended;
  process.stdin.destroy();
  requests.forget();
  await bridge.close();
}

function unanswered(count: number): string {
  const what = count === 1 ? 'an answer is' : `${count} answers are`;
  return `stdin has ended and ${what} outstanding after ${maxLateMs / 1000} s: cancelled. Keep stdin open while you wait.`;
}

function isModern({ params }: JSONRPCRequest): boolean {
  return typeof params?._meta?.[revisionKey] === 'string';
}
