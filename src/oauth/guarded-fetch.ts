import { isLoopbackName } from '../lib/loopback.ts';

/** As much of `fetch` as is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Bytes of an answer; the longest honest one is a key set of some ten kilobytes. */
const maxAnswerBytes = 512 * 1024;

/**
 * A fetch for the one provider that the operator named, and what its discovery document names: https, or http between loopback
 * addresses where the provider itself is on loopback. Redirects are not followed, and answers end at 512 KiB. Addresses inside the
 * company are allowed, because that is where its provider is.
 */
export function guardedFetch(issuer: string, fetch: Fetch = globalThis.fetch): Fetch {
  const mayBePlain = isPlainLoopback(issuer);
  return async (url, init) => {
    if (!URL.canParse(url) || (new URL(url).protocol !== 'https:' && !(mayBePlain && isPlainLoopback(url)))) {
      throw new TypeError('The provider names an address that is not https.');
    }
    const response = await fetch(url, { ...init, redirect: 'manual' });
    const { status, statusText, headers } = response;
    const body = status === 204 || status === 304 ? null : await readAtMost(response, maxAnswerBytes);
    return new Response(body, { status, statusText, headers });
  };
}

function isPlainLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && isLoopbackName(hostname);
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the stream, and with it the connection.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new TypeError(`The provider's answer is longer than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
