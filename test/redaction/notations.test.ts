import { describe, expect, it } from 'vitest';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';
import { notations } from './notation-samples.ts';

const shown = (text: string, cut = false): string => scrubText(new Session(defaultRedactionPolicy, undefined), text, { cut });

describe.each(Object.entries(notations))('%s', (_, { secrets, harmless }) => {
  it.each(secrets)('%s: what is secret in it is hidden, and nothing else', (text, ...told) => {
    const parts = told.flat();
    const result = shown(text);
    for (const part of parts) expect(result).not.toContain(part);
    const around = text.split(new RegExp(parts.map((part) => part.replace(/[^\w]/g, '\\$&')).join('|')));
    const [first = '', last = ''] = [around[0], around.at(-1)];
    expect(result.startsWith(first.trimEnd()), result).toBe(true);
    expect(result.endsWith(last.trimStart()), result).toBe(true);
  });

  it.each(harmless.map((text) => [text]))('%s stays as it is', (text) => {
    expect(shown(text)).toBe(text);
  });
});

it('a value that was cut at its end is hidden up to there', () => {
  for (const text of [
    "insert into users (email, password) values ('ada', 'tr0ubad",
    'Content-Disposition: form-data; name="password"\r\n\r\ntr0ubad',
    'db:\n  password: |\n    tr0ubad',
    '<ns:password kind="text">tr0ubad',
    '<password><![CDATA[tr0ubad',
    'Authorization: Token token="tr0ubad',
  ])
    expect(shown(text, true)).not.toContain('tr0ub');
});

it('a secret is found when the agent hid something between its name and itself', () => {
  const marker = '[REDACTED:github-token]';
  for (const [text, expected] of [
    [
      `insert into u (token, password) values ('${marker}', 'tr0ub9x')`,
      `insert into u (token, password) values ('${marker}', '[REDACTED:password]')`,
    ],
    [`AUTH ${marker} tr0ub9x`, `AUTH ${marker} [REDACTED:password]`],
    [`password for ${marker}: tr0ub9x`, `password for ${marker}: [REDACTED:password]`],
    [`tokens:\n  - ${marker}\n  - k3v9-xz81`, `tokens:\n  - ${marker}\n  - [REDACTED:token]`],
    [`order ${marker} is ready`, `order ${marker} is ready`],
  ] as const)
    expect(shown(text)).toBe(expected);
});
