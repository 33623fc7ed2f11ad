import type { IncomingMessage } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { isListed } from './address-list.ts';

/** Where a request comes from, as far as that can be known; undefined when its connection is gone. */
export type AddressOf = (request: IncomingMessage) => string | undefined;

/** Proxies one behind the other that are followed; a longer header is somebody playing. */
const maxHops = 16;

/**
 * The address of whoever a request is from. X-Forwarded-For is whatever a client writes there, so it counts only as far as trusted
 * proxies have written it: read from its end, each address that is one of them is passed over.
 */
export function addressBehind(trustedProxies: readonly string[]): AddressOf {
  return (request) => {
    let address = request.socket.remoteAddress;
    if (trustedProxies.length === 0) return address;
    const told = [request.headers['x-forwarded-for'] ?? []]
      .flat()
      .join(',')
      .split(',')
      .map((hop) => withoutPort(hop.trim()));
    for (const hop of told.slice(-maxHops).reverse()) {
      if (!isListed(trustedProxies, address) || !isAddress(hop)) break;
      address = hop;
    }
    return address;
  };
}

/** How long nothing more is said of proxies that are not trusted: anybody may send their headers. */
const quietMs = 60_000;

/**
 * The same for a bridge, which warns once a minute at most where a request says that it came through a proxy while none is trusted: all
 * callers behind that proxy are then one address.
 */
export function addressTold(trustedProxies: readonly string[], { clock, log }: { clock: Clock; log: Log }): AddressOf {
  const addressOf = addressBehind(trustedProxies);
  if (trustedProxies.length > 0) return addressOf;
  let quietUntil = Number.NEGATIVE_INFINITY;
  return (request) => {
    const isForwarded = request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined;
    if (isForwarded && clock.monotonic() >= quietUntil) {
      quietUntil = clock.monotonic() + quietMs;
      log.warn(
        'A request came through a proxy and none is trusted: all callers behind it count as one address. Name it in SIDELIGHT_TRUSTED_PROXIES.',
      );
    }
    return addressOf(request);
  };
}

/** Some proxies write the port, too: `203.0.113.7:5123`, `[2001:db8::7]:5123`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}

function isAddress(text: string): boolean {
  return isListed(['0.0.0.0/0', '::/0'], text);
}
