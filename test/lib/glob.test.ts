import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/lib/glob.ts';

describe('a glob', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['', '', true],
    ['', 'a', false],
    ['checkout', 'checkout', true],
    ['checkout', 'Checkout', false],
    ['checkout', 'checkout2', false],
    ['check*', 'checkout', true],
    ['check*', 'check', true],
    ['*out', 'checkout', true],
    ['*out', 'checkouts', false],
    ['c*k*t', 'checkout', true],
    ['c*k*t', 'checkout!', false],
    ['check?ut', 'checkout', true],
    ['?', '', false],
    ['a*?', 'a', false],
    ['**', 'x', true],
    ['team-*-prod', 'team-a-b-prod', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['a*', '*a', false],
    ['*a', '**a', true],
  ])('%j and %j: %s', (pattern, text, fits) => {
    expect(matchesGlob(pattern, text)).toBe(fits);
  });

  it('stays fast on patterns that make regular expressions slow', () => {
    const startedAt = performance.now();
    expect(matchesGlob('*a'.repeat(50), `${'a'.repeat(200)}b`)).toBe(false);
    expect(matchesGlob('a*'.repeat(50), 'a'.repeat(10_000))).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
