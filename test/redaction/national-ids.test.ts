import { describe, expect, it } from 'vitest';
import { nationalIds } from '../../src/redaction/detectors/national-ids.ts';
import { wallets } from '../../src/redaction/detectors/wallets.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { nationalIdSamples } from './national-id-samples.ts';

const scanning = new Session(defaultRedactionPolicy, undefined).scanning(false);
const idsIn = (text: string): string[] => nationalIds.find(text, scanning).map(({ start, end }) => text.slice(start, end));
const walletsIn = (text: string): string[] => wallets.find(text, scanning).map(({ start, end }) => text.slice(start, end));

describe.each(Object.entries(nationalIdSamples))('numbers of %s', (_, { before, valid, broken }) => {
  it('are at least five that fit and five that do not', () => {
    expect(valid.length).toBeGreaterThanOrEqual(5);
    expect(broken.length).toBeGreaterThanOrEqual(5);
  });

  it.each(valid)('%s is found', (id) => {
    expect(idsIn(`got ${before}${id}, thanks`)).toEqual([id]);
  });

  it.each(broken)('%s is not, for its check character is wrong', (id) => {
    expect(idsIn(`got ${before}${id}, thanks`)).toEqual([]);
  });
});

describe('numbers without a check digit', () => {
  it.each(['CPR 070761-4285', 'cpr: 0707614285', 'cpr-nummer 311299-1234'])('%s of Denmark is found behind its word', (text) => {
    expect(idsIn(text)).toHaveLength(1);
  });

  it.each(['order 070761-4285', 'CPR 321299-1234', 'CPR 071361-4285', 'CPR 000000-1234', 'CPR 300299-12345'])(
    '%s is none',
    (text) => {
      expect(idsIn(text)).toEqual([]);
    },
  );
});

describe('addresses of wallets', () => {
  const addresses = [
    '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
    '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy',
    'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4',
    'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    'DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L',
    'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t',
  ];

  it.each(addresses)('%s is found by its checksum', (address) => {
    expect(walletsIn(`sent to ${address}.`)).toEqual([address]);
  });

  it.each(addresses)('%s with another last character is none', (address) => {
    const last = address.endsWith('a') || address.endsWith('A') ? 'c' : 'a';
    expect(walletsIn(`sent to ${address.slice(0, -1)}${/[a-z]/.test(address) ? last : last.toUpperCase()}`)).toEqual([]);
  });

  it('forty hexadecimal digits are an account of Ethereum behind a word, and else a commit', () => {
    const account = '0xde0b295669a9fd93d5f28d9ec85e40f4cb697bae';
    expect(walletsIn(`wallet ${account}`)).toEqual([account]);
    expect(walletsIn(`deposit address: ${account}`)).toEqual([account]);
    expect(walletsIn(`commit ${account}`)).toEqual([]);
    expect(walletsIn(`wallet ${account}00`)).toEqual([]);
  });
});
