import { createHash } from 'node:crypto';
import type { Detector, Finding } from './detector.ts';

const base58Letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const base58 = /(?<![\w/+-])[13LMDAT9][1-9A-HJ-NP-Za-km-z]{25,34}(?![\w/+-])/g;
/** First bytes of addresses: Bitcoin, Litecoin, Dogecoin, Tron. */
const versions = new Set([0x00, 0x05, 0x30, 0x32, 0x1e, 0x16, 0x41]);
const addressBytes = 25;
const checkedBytes = 21;

const bech32Letters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const bech32 = /(?<![\w/+-])(?:bc1|tb1|ltc1)[ac-hj-np-z02-9]{11,71}(?![\w/+-])/gi;
const bech32Sums = new Set([1, 0x2bc830a3]);

/** Forty hexadecimal digits are a commit as well: only behind a word they are an account. */
const account = /(?<!\w)0x[\da-f]{40}(?!\w)/gi;
const announced = /wallet|ether|\beth\b|metamask|erc-?20|crypto|(?:deposit|payout|withdrawal|staking) address/i;
const maxWordChars = 48;
/** Shortest address, in characters. */
const minChars = 26;

/** Addresses of crypto wallets, which lead to a person like the number of an account: by their checksum, Ethereum's behind a word. */
export const wallets: Detector = {
  name: 'wallets',
  kind: 'personal',
  couldHold: ({ longestAlnum }) => longestAlnum >= minChars,
  find(text) {
    const findings: Finding[] = [];
    const add = (pattern: RegExp, isAddress: (found: string, at: number) => boolean): void => {
      for (const { 0: found, index } of text.matchAll(pattern)) {
        if (isAddress(found, index)) findings.push({ start: index, end: index + found.length, rule: 'bank-account' });
      }
    };
    add(base58, isBase58Check);
    if (/(?:bc|tb|ltc)1/i.test(text)) add(bech32, isBech32);
    if (text.includes('0x')) add(account, (_, at) => announced.test(text.slice(Math.max(0, at - maxWordChars), at)));
    return findings;
  },
};

/** Bitcoin's Base58Check: a version, 20 bytes, and the first four bytes of their double SHA-256. */
function isBase58Check(address: string): boolean {
  let number = 0n;
  for (const letter of address) number = number * 58n + BigInt(base58Letters.indexOf(letter));
  const hex = number.toString(16).padStart(addressBytes * 2, '0');
  if (hex.length !== addressBytes * 2) return false;
  const bytes = Buffer.from(hex, 'hex');
  if (!versions.has(bytes[0] as number)) return false;
  const sum = sha256(sha256(bytes.subarray(0, checkedBytes))).subarray(0, addressBytes - checkedBytes);
  return sum.equals(bytes.subarray(checkedBytes));
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** BIP 173 and BIP 350: a checksum over the prefix and the groups of five bits. */
function isBech32(address: string): boolean {
  const lower = address.toLowerCase();
  if (lower !== address && address.toUpperCase() !== address) return false;
  const parted = lower.lastIndexOf('1');
  const prefix = [...lower.slice(0, parted)].map((letter) => letter.charCodeAt(0));
  const groups = [...lower.slice(parted + 1)].map((letter) => bech32Letters.indexOf(letter));
  const values = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...groups];
  return bech32Sums.has(values.reduce(nextSum, 1));
}

const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function nextSum(sum: number, value: number): number {
  const next = ((sum & 0x1ffffff) << 5) ^ value;
  return generators.reduce((mixed, generator, bit) => ((sum >> (25 + bit)) & 1 ? mixed ^ generator : mixed), next);
}
