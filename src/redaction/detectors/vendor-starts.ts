import { type Vendor, vendors } from './vendors.ts';

/** Vendors by the first two characters of their prefix, longer prefixes first. */
const byStart: (readonly Vendor[] | undefined)[] = new Array(128 * 128).fill(undefined);
for (const vendor of [...vendors].sort((a, b) => b.prefix.length - a.prefix.length)) {
  const pair = vendor.prefix.charCodeAt(0) * 128 + vendor.prefix.charCodeAt(1);
  byStart[pair] = [...(byStart[pair] ?? []), vendor];
}

/** Whether there are any; read before `hasPrefix`, which is a call for each word. */
export const vendorPairs = Uint8Array.from(byStart, (vendors) => (vendors === undefined ? 0 : 1));

const none: readonly Vendor[] = [];

/** Vendors whose tokens may begin here, longer prefixes first, to judge by two characters. */
export function vendorsAt(text: string, at: number): readonly Vendor[] {
  return byStart[text.charCodeAt(at) * 128 + text.charCodeAt(at + 1)] ?? none;
}

/** Whether the prefix of a vendor stands here. */
export function hasPrefix(text: string, at: number): boolean {
  const candidates = vendorsAt(text, at);
  for (let index = 0; index < candidates.length; index++) {
    if (text.startsWith((candidates[index] as Vendor).prefix, at)) return true;
  }
  return false;
}
