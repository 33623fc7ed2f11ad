import { describe, expect, it } from 'vitest';
import type { CaptureData } from '../../src/protocol/frames.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';
import { answerOf, captureOf } from './capture-data.ts';

const shown = (text: string, cut = false): string => {
  const once = scrubText(new Session(defaultRedactionPolicy, 'key'), text, { cut });
  expect(scrubText(new Session(defaultRedactionPolicy, 'key'), once, { cut }), 'a second look changes nothing').toBe(once);
  return once;
};

describe('the name of a list or object of secrets holds in text that is no JSON', () => {
  it.each([
    ['JSON that was cut', '{"a":1,"passwords":["sommer","win', /^\{"a":1,"passwords":\[REDACTED:password#\w+\]$/],
    ['an object that was cut', '{"credentials":{"plain":"sommer","user":', /^\{"credentials":\[REDACTED:credentials#\w+\]$/],
    [
      'words around JSON',
      'got {"credentials":{"plain":"som}mer"},"n":1} in 3 ms',
      /^got \{"credentials":\[REDACTED:[^\]]+\],"n":1\} in 3 ms$/,
    ],
    [
      'JSON in JSON',
      'got {\\"tokens\\": [ \\"som\\\\\\"]mer\\" ],\\"n\\":1}',
      /^got \{\\"tokens\\": \[REDACTED:token#\w+\],\\"n\\":1\}$/,
    ],
    ['single quotes', "{'secrets': {'a': 'som]mer'}, 'n': 1}", /^\{'secrets': \[REDACTED:secret#\w+\], 'n': 1\}$/],
    [
      'a marker inside',
      '"credentials":{"mail":"[REDACTED:email#abcdef]","plain":"sommer"} ok',
      /^"credentials":\[REDACTED:[^\]]+\] ok$/,
    ],
  ])('%s', (_, text, expected) => {
    expect(shown(text)).toMatch(expected);
    expect(shown(text, true)).not.toContain('mer');
  });

  it.each([
    '"tokens": [], "secrets": {} x',
    '{"total":{"plain":"words"}} x',
    'password: { type: String, required: true }, x',
    'const tokens = [first, second];',
    '{"addresses":["eth0","eth1"]} x',
    '{"email":{"state":"open"}} x',
    '{"application/at+jwt":{"source":"iana"}} x',
  ])('and hides nothing in %s', (text) => {
    expect(shown(text)).toBe(text);
  });
});

describe('a marker that the program wrote', () => {
  it.each([
    'password=[REDACTED:x]sommer',
    'password=[REDACTED:password#abcdef][REDACTED:x]sommer next',
    'password=win[REDACTED:x]sommer&user=ada',
    '{"password":"[REDACTED:x]sommer","user":',
    'Authorization: Bearer [REDACTED:x]sommer1234',
    'postgres://ada:[REDACTED:x]sommer@db:5432/shop',
  ])('does not split the secret in %s', (text) => {
    expect(shown(text)).not.toContain('sommer');
  });

  it.each([
    'postgres://ada:[REDACTED:url-password#abcdef]@db:5432/shop',
    'password=[REDACTED:password#abcdef]&user=ada',
    'password is [REDACTED:password#abcdef]. Next one',
    'the mail [REDACTED:email#abcdef]x is odd',
    '{"password":"[REDACTED:password#abcdef]","n":1',
  ])('leaves what is no part of one in %s', (text) => {
    expect(shown(text)).toBe(text);
  });

  it('leaves what stands between it and the next name', () => {
    expect(shown('postgres://ada:[REDACTED:url-password#abcdef]@db:5432/shop?token=k3v9-xz1')).toContain('@db:5432/shop?token=[');
  });

  it('says no word in the place of a rule that is not one', async () => {
    const word = 'hunter2-is-the-password-of-ada';
    const data: CaptureData = captureOf(
      {
        a: { $: 'redacted', rule: word },
        b: { $: 'redacted', rule: 'password', marker: `[REDACTED:${word}]` },
        c: `[REDACTED:${word}]`,
        d: `see [REDACTED:${word}#abcdef] there`,
        e: { $: 'redacted', rule: 'customer' },
      },
      { redacted: { [word]: 2, customer: 1, password: 1 } },
    );
    const policy = { ...defaultRedactionPolicy, names: { customer: ['loyalty number'] } };
    const { hit, counts, stored } = await answerOf(data, policy);
    expect(hit.variables).toEqual({
      a: '[REDACTED:hidden]',
      b: '[REDACTED:password]',
      c: '[REDACTED:hidden]',
      d: 'see [REDACTED:hidden] there',
      e: '[REDACTED:customer]',
    });
    expect(counts).toEqual({ hidden: 2, customer: 1, password: 1 });
    expect(stored + JSON.stringify(hit)).not.toContain('hunter2');
  });
});

describe('numbers under names of personal data', () => {
  it('are shown where they are too short for it', async () => {
    const { hit } = await answerOf(captureOf({ pan: 12, addressLine: 2, phone: 3, cardNumber: 4242, fax: 5551234, pin: 12 }));
    expect(hit.variables).toMatchObject({ pan: 12, addressLine: 2, phone: 3 });
    expect(JSON.stringify(hit.variables)).not.toMatch(/4242|5551234|"pin":12/);
  });
});
