import { Refusal } from '../lib/refusal.ts';

/** Requests are counted in windows of so long. */
export const windowMs = 60_000;

/** Addresses that are counted at a time. */
export const maxAddresses = 10_000;

/** Says that there were too many in a window that began then, and how many seconds to wait. */
export function tooBusy(what: string, startedMs: number, nowMs: number): Refusal {
  const retryAfterSeconds = Math.max(1, Math.ceil((startedMs + windowMs - nowMs) / 1000));
  return new Refusal({
    code: 'too_busy',
    message: `There were too many ${what} in a minute.`,
    next: `Try again in ${retryAfterSeconds} seconds.`,
    data: { retryAfterSeconds },
  });
}

/** What is counted as one: an IPv4 address as it is, an IPv6 address without its last 64 bits, because whoever has one has all of them. */
export const networkOf = (address: string): string => networkOfBits(address, 64);

/** What one customer of a provider may have: the first 48 bits of an IPv6 address (RFC 6177); an IPv4 address as it is. */
export const siteOf = (address: string): string => networkOfBits(address, 48);

function networkOfBits(address: string, bits: number): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [front = '', back] = address.replace(/%.*$/, '').split('::');
  const before = front.split(':').filter((part) => part !== '');
  const after = (back ?? '').split(':').filter((part) => part !== '');
  const zeros = back === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, bits / 16).join(':');
}
