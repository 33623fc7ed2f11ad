import { matchesGlob } from '../lib/glob.ts';

/**
 * Whether a client's document may be fetched from there (Client ID Metadata Documents): https on its own port, a name with a dot that
 * is no address, and one of the operator's hosts where there is a list. Before any connection is made; where the name leads to is
 * checked once more on the connection itself.
 */
export function mayFetchDocument(clientId: string, hosts: readonly string[]): boolean {
  if (!mayFetch(clientId)) return false;
  const { hostname, pathname } = new URL(clientId);
  return pathname !== '/' && (hosts.length === 0 || hosts.some((host) => matchesGlob(host, hostname)));
}

/** Whether anything that a client names may be fetched from there at all; its keys (`jwks_uri`) as well. */
export function mayFetch(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, port, hostname, username, password } = new URL(url);
  if (protocol !== 'https:' || port !== '' || username !== '' || password !== '') return false;
  const isName = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(hostname);
  return isName && !reservedNames.some((name) => hostname === name || hostname.endsWith(`.${name}`));
}

/** Names that lead into a machine or a network of one's own (RFC 6761, RFC 6762, RFC 8375, RFC 9476). */
const reservedNames = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home.arpa', 'test', 'invalid', 'onion', 'alt'];
