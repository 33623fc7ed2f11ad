import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { isSpecialUse } from './special-addresses.ts';

type Tell = (problem: Error | null, address?: string | LookupAddress[], family?: number) => void;

/**
 * Fetches what strangers name, from the public internet only: addresses of this machine and of private networks are dropped when a name
 * is looked up, before anything connects there. Throws where the dispatcher that oidc-provider brings is missing, because then nothing
 * could guard it.
 */
export async function publicFetch(url: string, init: RequestInit): Promise<Response> {
  guarded ??= guardedDispatcher(Reflect.get(init, 'dispatcher'));
  return fetch(url, { ...init, dispatcher: guarded } as RequestInit);
}

let guarded: object | undefined;

/** The class of the dispatcher is in no module of Node's; the one that is given is of it. */
function guardedDispatcher(given: unknown): object {
  const Agent = (given as object | undefined)?.constructor as (new (options: object) => object) | undefined;
  if (Agent === undefined) throw new Error('Nothing guards this fetch.');
  return new Agent({ connect: { lookup: lookUpPublic } });
}

/** As `dns.lookup`, without addresses that are none of the public internet. */
function lookUpPublic(host: string, options: LookupOptions, tell: Tell): void {
  dns.lookup(host, { ...options, all: true }, (problem, found) => {
    if (problem !== null) return tell(problem);
    const reachable = found.filter(({ address }) => !isSpecialUse(address));
    const [first] = reachable;
    if (first === undefined) return tell(new Error('The name leads nowhere in the public internet.'));
    if (options.all === true) return tell(null, reachable);
    tell(null, first.address, first.family);
  });
}
