import type { IncomingMessage } from 'node:http';

const both = 'application/json, text/event-stream';

/**
 * Lets a client that accepts anything, as curl does, say so in MCP's words: the SDKs answer 406 to a wildcard, although it covers
 * what they ask for. The v1 adapter reads the raw headers, so both forms are written.
 */
export function acceptAll(request: IncomingMessage): void {
  const accept = request.headers.accept;
  if (accept !== undefined && !/(?:^|,)\s*\*\/\*/.test(accept)) return;
  request.headers.accept = both;
  const at = request.rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'accept');
  if (at === -1) request.rawHeaders.push('Accept', both);
  else request.rawHeaders[at + 1] = both;
}
