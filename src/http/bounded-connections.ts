import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that are not answered yet. Browsers, SDKs and proxies send the next one after the answer. */
const maxUnanswered = 8;
/** How long a client may take nothing of what waits for it. */
const stuckMs = 30_000;
/** How long the whole of a request may take to come; Node's own default is five minutes. */
const requestMs = 30_000;

/**
 * Cuts connections that cost memory and give nothing: those with more requests unanswered than anybody sends who reads the answers, and
 * those that do not read them. Requests that come too slowly end as Node ends them, with 408.
 */
export function boundConnections(server: Server, limits = { stuckMs }): void {
  const unanswered = new WeakMap<Socket, number>();
  const of = (socket: Socket): number => unanswered.get(socket) ?? 0;
  server.requestTimeout = requestMs;
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    unanswered.set(socket, of(socket) + 1);
    response.once('close', () => unanswered.set(socket, of(socket) - 1));
    if (of(socket) > maxUnanswered) socket.destroy();
  });
  // Nothing was sent or taken for so long. Whoever waits for an answer that may take minutes has nothing to take yet.
  server.setTimeout(limits.stuckMs, (socket) => {
    if (of(socket) === 0 || socket.writableLength > 0) socket.destroy();
  });
}
