import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Duplex } from 'node:stream';

/** Takes over a connection that wants to become a WebSocket. */
export type TakeWebSocket = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Headers that only ask for another protocol; a server that speaks none of it answers as if they were not there (RFC 9110, 7.8). */
const asksForUpgrade = new Set(['upgrade', 'http2-settings']);

/**
 * An HTTP server that upgrades to WebSocket and to nothing else. Clients offer HTTP/2 (`Upgrade: h2c`) with ordinary requests: Java's
 * does by default, curl with --http2. Node hands every such request to the `upgrade` event once somebody listens, and takes it off
 * HTTP; newer versions ask first, for the others the request is put back without its offer.
 */
export function createHttpServer(serve: RequestListener, takeWebSocket: TakeWebSocket): Server {
  const options: ServerOptions & { shouldUpgradeCallback(request: IncomingMessage): boolean } = {
    shouldUpgradeCallback: wantsWebSocket,
  };
  const server = createServer(options, serve);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (wantsWebSocket(request)) takeWebSocket(request, socket, head);
    else putBack(server, request, socket, head);
  });
  return server;
}

function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return tokens(headers.upgrade ?? '').some((token) => token.toLowerCase() === 'websocket');
}

/** Lets the connection begin again with the same request, less the offer. */
function putBack(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (asksForUpgrade.has(name.toLowerCase())) continue;
    const kept = name.toLowerCase() === 'connection' ? withoutOffer(value) : value;
    if (kept !== '') lines.push(`${name}: ${kept}`);
  }
  // Node reads header bytes as latin1, so written as latin1 they are the bytes that came.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function withoutOffer(connection: string): string {
  return tokens(connection)
    .filter((token) => !asksForUpgrade.has(token.toLowerCase()))
    .join(', ');
}

function tokens(header: string): string[] {
  return header.split(',').map((token) => token.trim());
}
