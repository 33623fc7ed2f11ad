import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of a client that listens on this machine: for the answer to its person's consent, and with its document. */
export interface ClientProgram {
  origin: string;
  redirectUri: string;
  /** The next answer that a browser brings. */
  answer(): Promise<URLSearchParams>;
  /** Gives the bridge this program's document, whatever host it believes to ask; the guard before that has looked already. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** How often the document was asked for. */
  readonly documentsServed: number;
  close(): void;
}

/** Where the document says it lies. */
export const documentUrl = 'https://ide.example.com/oauth/client.json';
/** What the document calls the client. */
export const documentName = 'Example IDE';

/** Starts such a program. Its document names loopback without a port, as those of real clients do. */
export async function startClientProgram(): Promise<ClientProgram> {
  const waiting: ((answer: URLSearchParams) => void)[] = [];
  let documentsServed = 0;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/callback') {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>Client</title><p>Back in the client.</p>');
      waiting.shift()?.(searchParams);
      return;
    }
    if (pathname !== new URL(documentUrl).pathname) return void response.writeHead(404).end();
    documentsServed += 1;
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({
        ...{ client_id: documentUrl, client_name: documentName, token_endpoint_auth_method: 'none' },
        redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    redirectUri: `${origin}/callback`,
    answer: () => new Promise((tell) => waiting.push(tell)),
    fetch: (url) => fetch(`${origin}${new URL(url).pathname}`),
    get documentsServed() {
      return documentsServed;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
