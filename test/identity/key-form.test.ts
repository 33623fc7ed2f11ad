import { describe, expect, it } from 'vitest';
import { hashKey, makeKey, readKey } from '../../src/identity/key-form.ts';
import { base62, checksumOf } from './checksum.ts';

describe('a key', () => {
  it.each([
    ['api', /^slk_[0-9A-Za-z]{8}_[0-9A-Za-z]{39}$/],
    ['enrolment', /^sle_[0-9A-Za-z]{8}_[0-9A-Za-z]{39}$/],
  ] as const)('of kind %s has its own prefix, a public id and one word to select', (kind, shape) => {
    const { id, secret, hash } = makeKey(kind);
    expect(secret).toMatch(shape);
    expect(secret).toMatch(/^\w+$/);
    expect(readKey(secret)).toEqual({ kind, id, hash });
    expect(hash).toBe(hashKey(secret));
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('ends in the CRC-32 of what stands before it, in base62', () => {
    // The check value that every description of CRC-32 gives: 0xCBF43926, here in base62.
    expect(checksumOf('123456789')).toBe(base62(0xcbf43926));
    const { secret } = makeKey('api');
    expect(secret.slice(-6)).toBe(checksumOf(secret.slice(0, -6)));
  });

  it('is not read when any one character was changed, dropped or swapped', () => {
    const { secret } = makeKey('api');
    const changed = [...secret].map(
      (character, at) => secret.slice(0, at) + (character === 'a' ? 'b' : 'a') + secret.slice(at + 1),
    );
    const dropped = [...secret].map((_, at) => secret.slice(0, at) + secret.slice(at + 1));
    const swapped = [...secret].flatMap((character, at) => {
      const next = secret[at + 1];
      return next === undefined || next === character ? [] : [secret.slice(0, at) + next + character + secret.slice(at + 2)];
    });
    for (const text of [...changed, ...dropped, ...swapped]) expect(readKey(text), text).toBeUndefined();
  });

  it.each(['', 'slk_', 'Bearer slk_x', `slk_${'a'.repeat(10_000)}`, 'slk_abcdefgh_', '\u0000', `sl${'\n'}k`])(
    'is not read from junk: %j',
    (text) => {
      expect(readKey(text)).toBeUndefined();
    },
  );

  it('is not read with something around it', () => {
    const { secret } = makeKey('enrolment');
    for (const text of [` ${secret}`, `${secret}\n`, `${secret}${secret}`]) expect(readKey(text)).toBeUndefined();
  });

  it('is new every time', () => {
    const made = Array.from({ length: 500 }, () => makeKey('api'));
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(500);
    expect(new Set(made.map(({ id }) => id)).size).toBe(500);
  });
});
