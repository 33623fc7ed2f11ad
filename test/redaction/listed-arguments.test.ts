import { describe, expect, it } from 'vitest';
import { listedSecrets } from '../../src/redaction/listed-arguments.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText, scrubValue } from '../../src/redaction/walk.ts';
import { array } from './capture-data.ts';
import { tokens } from './corpus.ts';

const scanning = new Session(defaultRedactionPolicy, undefined).scanning(false);
const secretsOf = (items: unknown[]): unknown[] => [...(listedSecrets(items, scanning)?.keys() ?? [])].map((at) => items[at]);

describe('a list of arguments', () => {
  it.each([
    [['-u', 'ada:tr0ub9x'], ['ada:tr0ub9x']],
    [['curl', '-s', '--user', 'ada:my pass', 'https://example.com'], ['ada:my pass']],
    [['mysql', '-h', 'db', '-ptr0ub9x', 'shop'], ['-ptr0ub9x']],
    [['docker', 'login', '-u', 'ada', '-p', 'sommer'], ['sommer']],
    [['redis-cli', '-a', 'sommer'], ['sommer']],
    [['AUTH', 'tr0ub9x'], ['tr0ub9x']],
    [['AUTH', 'ada', 'tr0ub9x'], ['tr0ub9x']],
    [['HELLO', '3', 'AUTH', 'ada', 'sommer'], ['sommer']],
  ])('%j tells a password that no name gives away', (items, secrets) => {
    expect(secretsOf(items)).toEqual(secrets);
  });

  it.each([
    [['-u', '1000:1000']],
    [['run', '-it', '-p', '8080:80', 'image']],
    [['AUTH', 'LOGIN', 'PLAIN']],
    [['PASS', 'FAIL']],
    [['mysql', 'postgres', 'redis']],
    [['-u']],
    [[1, null, { a: 1 }]],
    [Array.from({ length: 100 }, () => '-u')],
  ])('%j has none', (items) => {
    expect(secretsOf(items)).toEqual([]);
  });
});

it('lists in values are read so, in JSON too, and only the secret item is hidden', () => {
  const session = new Session(defaultRedactionPolicy, undefined);
  const args = array('curl', '-u', 'ada:tr0ub9x', 'https://example.com');
  const marker = { $: 'redacted', rule: 'password', marker: '[REDACTED:password]' };
  expect(scrubValue(session, args, { name: 'args', depth: 0, level: 0 })).toEqual({
    ...{ $: 'array', length: 4 },
    elements: ['curl', '-u', marker, 'https://example.com'],
  });
  expect(scrubText(session, '{"command":["AUTH","ada","tr0ub9x"]}')).toBe('{"command":["AUTH","ada","[REDACTED:password]"]}');
});

it('what is random and public by its name is shown, and what is known by its form is hidden there too', () => {
  const session = new Session(defaultRedactionPolicy, undefined);
  const id = 'Vq3Zr8TnB5xKd7WmLc2HpY9sJg4Ef6UaQt1Ni0oRvXbCwMzPkDyGhS==';
  expect(scrubText(session, JSON.stringify({ 'x-amz-cf-id': id }))).toBe(JSON.stringify({ 'x-amz-cf-id': id }));
  expect(scrubText(session, JSON.stringify({ 'x-amz-cf-pop': id }))).toContain('[REDACTED:high-entropy]');
  expect(scrubText(session, JSON.stringify({ 'x-request-id': tokens.github }))).toContain('[REDACTED:github-token]');
});
