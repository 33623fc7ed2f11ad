import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseStrictYaml } from '../../src/lib/strict-yaml.ts';

const told = (text: string): string => mistakesOf(() => parseStrictYaml(text, 'a.yaml', z.record(z.string(), z.unknown())));

function mistakesOf(read: () => unknown): string {
  try {
    read();
    return '';
  } catch (problem) {
    return (problem as Error).message;
  }
}

it.each([
  ['in a block', 'a: 1\nb: 2\na: 3\n', 'a.yaml:3:1: Map keys must be unique'],
  ['in braces', 'x: {a: 1, "a": 2}\n', 'a.yaml:1:11: Map keys must be unique'],
])('a key that stands twice %s is a mistake where it stands again', (_, text, message) => {
  expect(told(text)).toBe(message);
});

it('a file of nothing but keys is read in time in proportion to it', () => {
  const keys = Array.from({ length: 30_000 }, (_, at) => `k${at}:`).join('\n');
  const startedAt = performance.now();
  expect(told(keys)).toBe('');
  expect(performance.now() - startedAt, 'twenty seconds when each is compared with all').toBeLessThan(5_000);
});

it('twenty mistakes are told, and how many more there are', () => {
  const keys = Array.from({ length: 3_000 }, (_, at) => `k${at}: 1`).join('\n');
  const lines = mistakesOf(() => parseStrictYaml(keys, 'a.yaml', z.strictObject({}))).split('\n');
  expect(lines).toHaveLength(21);
  expect(lines[19]).toMatch(/^a\.yaml:20:1: k19: /);
  expect(lines[20]).toBe('… and 2980 more');
});
