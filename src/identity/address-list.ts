import { BlockList, isIP } from 'node:net';
import { Refusal } from '../lib/refusal.ts';

/** Entries of one list; whoever needs more has a network plan, which belongs into a firewall. */
const maxEntries = 32;
const addressBits = { 4: 32, 6: 128 } as const;
/** An IPv4 address written as IPv6 (RFC 4291 section 2.5.5.2), as URLs spell it, and the bits before the IPv4 part. */
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;
const mappedBits = 96;

interface Address {
  text: string;
  family: 4 | 6;
  wasMapped: boolean;
}

/**
 * Addresses and networks (`10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`) in one spelling each; IPv4 written as IPv6 becomes the IPv4 it is.
 * Refuses with `invalid_input` and the field `addresses`.
 */
export function readAddresses(values: unknown): string[] {
  if (!Array.isArray(values) || values.length === 0 || values.length > maxEntries)
    throw invalid(`addresses must be a list of 1 to ${maxEntries}; leave it out to take the key from anywhere.`);
  return [...new Set(values.map(readEntry))];
}

/** Whether a caller from this address is on the list. Who has no address, or one that cannot be read, is not. */
export function isListed(addresses: readonly string[], from: string | undefined): boolean {
  const caller = from === undefined ? undefined : readAddress(from.replace(/%.*$/, ''));
  if (caller === undefined) return false;
  const list = new BlockList();
  for (const entry of addresses) {
    const [text = '', bits] = entry.split('/');
    // Node would compare families with each other, and `::/0` would be every IPv4 address as well.
    if (isIP(text) !== caller.family) continue;
    if (bits === undefined) list.addAddress(text, familyName(caller));
    else list.addSubnet(text, Number(bits), familyName(caller));
  }
  return list.check(caller.text, familyName(caller));
}

/** The first of these addresses and networks that does not lie within one of `bounds` as a whole; undefined when all do. */
export function firstOutside(addresses: readonly string[], bounds: readonly string[]): string | undefined {
  return addresses.find((entry) => !bounds.some((bound) => holds(bound, entry)));
}

function holds(bound: string, entry: string): boolean {
  const [first = ''] = entry.split('/');
  return isListed([bound], first) && prefixBits(bound) <= prefixBits(entry);
}

function prefixBits(entry: string): number {
  const [text = '', bits] = entry.split('/');
  return bits === undefined ? addressBits[isIP(text) === 4 ? 4 : 6] : Number(bits);
}

function readEntry(value: unknown): string {
  const entry = typeof value === 'string' ? value.trim() : '';
  const [, text = '', bits] = /^([^/]+?)(?:\/(0|[1-9]\d{0,2}))?$/.exec(entry) ?? [];
  const address = readAddress(text);
  if (address === undefined) throw unreadable(value);
  if (bits === undefined) return address.text;
  const width = Number(bits) - (address.wasMapped ? mappedBits : 0);
  if (width < 0 || width > addressBits[address.family]) throw unreadable(value);
  return `${address.text}/${width}`;
}

function readAddress(text: string): Address | undefined {
  if (isIP(text) === 4) return { text, family: 4, wasMapped: false };
  const hostname = `http://[${text}]/`;
  if (isIP(text) !== 6 || !URL.canParse(hostname)) return undefined;
  const spelled = new URL(hostname).hostname.slice(1, -1);
  const [, high, low] = mapped.exec(spelled) ?? [];
  if (high === undefined || low === undefined) return { text: spelled, family: 6, wasMapped: false };
  const words = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return { text: words.flatMap((word) => [word >> 8, word & 255]).join('.'), family: 4, wasMapped: true };
}

const familyName = ({ family }: Address) => `ipv${family}` as const;

function unreadable(value: unknown): Refusal {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : 'no text';
  return invalid(
    `addresses has ${shown}; it can have addresses such as 10.1.2.3 and networks such as 10.0.0.0/8 or 2001:db8::/32.`,
  );
}

function invalid(message: string): Refusal {
  return new Refusal({ code: 'invalid_input', message, field: 'addresses', next: 'Correct it and ask again.' });
}
