import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { argumentsHash } from '../../src/audit/arguments-hash.ts';
import { canonical } from '../../src/audit/canonical.ts';

describe('canonical JSON', () => {
  // The example of RFC 8785, section 3.2.3, and what JavaScript has beside JSON.
  it.each([
    [
      {
        '\u20ac': 'Euro',
        '\r': 'CR',
        '\ufb33': 'Dalet',
        '1': 'One',
        '\ud83d\ude00': 'Smile',
        '\u0080': 'Control',
        '\u00f6': 'o',
      },
      '{"\\r":"CR","1":"One","\u0080":"Control","\u00f6":"o","\u20ac":"Euro","\ud83d\ude00":"Smile","\ufb33":"Dalet"}',
    ],
    [{ b: [1, -0, 1e21, 4.5, true, null], a: { d: {}, c: [] } }, '{"a":{"c":[],"d":{}},"b":[1,0,1e+21,4.5,true,null]}'],
    [{ b: undefined, a: 'x' }, '{"a":"x"}'],
    [[undefined, ''], '[null,""]'],
    ['"\n\u0000\u001b\ud800', '"\\"\\n\\u0000\\u001b\\ud800"'],
    [undefined, 'null'],
  ])('spells %j in one way', (value, text) => {
    expect(canonical(value)).toBe(text);
    expect(canonical(JSON.parse(text))).toBe(text);
  });

  it('ends in what is nested without an end', () => {
    const nested = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(canonical(nested)).toBe(`${'['.repeat(64)}"…"${']'.repeat(64)}`);
  });
});

describe('the hash of arguments', () => {
  it('is the same for the same arguments in another order, and for none', () => {
    expect(argumentsHash({ b: 1, a: [2] })).toBe(argumentsHash({ a: [2], b: 1 }));
    expect(argumentsHash({ b: 1, a: [2] })).not.toBe(argumentsHash({ a: [1], b: 2 }));
    expect(argumentsHash(undefined)).toBe(argumentsHash({}));
    expect(argumentsHash({ a: 1 })).toBe(createHash('sha256').update('{"a":1}').digest('hex'));
  });
});
