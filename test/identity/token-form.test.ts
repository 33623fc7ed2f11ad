import { describe, expect, it } from 'vitest';
import { hashToken, isToken, looksLikeAccessToken, makeToken, type TokenKind, tokenRef } from '../../src/identity/token-form.ts';
import { checksumOf } from './checksum.ts';

const kinds: { kind: TokenKind; prefix: string }[] = [
  { kind: 'access', prefix: 'sla' },
  { kind: 'refresh', prefix: 'slr' },
  { kind: 'code', prefix: 'slc' },
];

describe.each(kinds)('a token of the kind $kind', ({ kind, prefix }) => {
  it('has its prefix, 33 characters of chance and the check digits of both', () => {
    const token = makeToken(kind);
    expect(token).toMatch(new RegExp(`^${prefix}_[0-9A-Za-z]{39}$`));
    expect(token.slice(-6)).toBe(checksumOf(token.slice(0, -6)));
    expect(makeToken(kind)).not.toBe(token);
  });

  it('is one, and none of the others', () => {
    const token = makeToken(kind);
    expect(kinds.filter((each) => isToken(each.kind, token)).map((each) => each.kind)).toEqual([kind]);
    expect(looksLikeAccessToken(token)).toBe(kind === 'access');
  });

  it('is none once a character is changed, cut or added', () => {
    const token = makeToken(kind);
    const other = token[10] === 'a' ? 'b' : 'a';
    for (const wrong of [`${token.slice(0, 10)}${other}${token.slice(11)}`, token.slice(0, -1), `${token}0`, ` ${token}`, '']) {
      expect(isToken(kind, wrong)).toBe(false);
    }
  });
});

describe('a token', () => {
  it('is named by the beginning of its SHA-256', () => {
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(tokenRef('abc')).toBe('ba7816bf8f01');
  });
});
