import assert from 'node:assert/strict';
import { createRandom } from '../../../agents-sim/random.ts';
import type { CaptureData } from '../../../src/protocol/frames.ts';
import type { Value } from '../../../src/protocol/value.ts';
import { defaultRedactionPolicy, profiles, type RedactionPolicy } from '../../../src/redaction/policy.ts';
import { scrubCapture } from '../../../src/redaction/scrub.ts';
import { Session } from '../../../src/redaction/session.ts';
import { answerOf, captureOf } from '../capture-data.ts';
import { sensitive } from '../corpus.ts';
import { benign } from '../corpus-benign.ts';
import { firstDifference } from './difference.ts';

const texts = [...sensitive, ...benign].map((sample) => sample.text);
const names = [
  'a',
  'user',
  'password',
  'token',
  'email',
  'card',
  'number',
  'name',
  'value',
  'x-api-key',
  '__proto__',
  'constructor',
  '',
  '$',
  'toString',
  ...benign.flatMap(({ name }) => name ?? []),
];
const noise = [
  '\0',
  '\ud800',
  '"',
  '\\',
  '[REDACTED:',
  '[REDACTED:email#123456]',
  '{"',
  '":"',
  '%',
  '%zz',
  '=',
  ' is ',
  '://',
  '@',
  '\n',
  '😀',
  'é',
  '-----BEGIN PRIVATE KEY',
  'eyJ',
  '==',
  '&',
  '#',
];

function makeCapture(chance: () => number): CaptureData {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T;
  const text = (): string => {
    let made = '';
    for (let part = 0; part < 1 + chance() * 4; part++) {
      const piece = chance() < 0.6 ? pick(texts) : pick(noise);
      made += chance() < 0.2 ? piece.slice(Math.floor(chance() * piece.length)) : piece;
      if (chance() < 0.5) made += pick([' ', ',', '', '\t', ': ']);
    }
    return chance() < 0.15 ? JSON.stringify({ [pick(names)]: made, list: [made] }) : made;
  };
  const value = (depth: number): Value => {
    const leaf = depth > 3 || chance() < 0.5;
    const many = <T>(make: () => T): T[] => Array.from({ length: Math.floor(chance() * 4) }, make);
    if (leaf) {
      return pick<() => Value>([
        text,
        text,
        text,
        () => chance() * 1e17,
        () => null,
        () => true,
        () => ({ $: 'string', text: text(), length: 9_999 }),
        () => ({ $: 'bigint', text: '4111111111111111' }),
        () => ({ $: 'date', iso: text() }),
        () => ({ $: 'symbol', text: text() }),
        () => ({ $: 'redacted', rule: text(), marker: text() }),
        () => ({ $: 'reference', path: text() }),
        () => ({ $: 'undefined' }),
        () => ({ $: 'cut', why: 'depth', className: text() }),
      ])();
    }
    return pick<() => Value>([
      () => ({ $: 'object', fields: many(() => [chance() < 0.7 ? pick(names) : text(), value(depth + 1)]) }),
      () => ({ $: 'array', length: 50, elements: many(() => value(depth + 1)) }),
      () => ({ $: 'map', size: 50, entries: many(() => [value(depth + 1), value(depth + 1)]) }),
      () => ({
        $: 'error',
        className: text(),
        message: text(),
        stack: text(),
        fields: many(() => [pick(names), value(depth + 1)]),
      }),
    ])();
  };
  return captureOf(Object.fromEntries(Array.from({ length: 5 }, () => [pick(names), value(0)])), {
    at: { file: text(), line: 1, text: text() },
    stack: [{ function: text(), file: text(), line: 1 }],
    expressions: [
      { expression: text(), value: value(0) },
      { expression: text(), error: text() },
    ],
    redacted: { [text()]: 1, password: Number.NaN },
  });
}

export const policies: Record<string, RedactionPolicy> = {
  ...Object.fromEntries(profiles.map((profile) => [profile, { ...defaultRedactionPolicy, profile }])),
  'own names, patterns and classes': {
    ...defaultRedactionPolicy,
    tags: false,
    names: { loyalty: ['loyalty number'] },
    show: ['phone'],
    hide: ['user-name'],
    patterns: { order: ['order-([0-9]{3})', 'ORD-[0-9-]+'], level: ['level=([a-z]+)'] },
  },
  'allow-lists': { ...defaultRedactionPolicy, allowLists: [{ names: ['a', 'value'], paths: ['user.*', 'user[].name'] }] },
};

/** Captures a seed makes under one policy. */
const captures = 8;

/** Whatever a capture holds: it is answered without an error, in bounded size, and comes out the same the second time. */
export async function checkCaptures(seed: number, names: readonly string[] = Object.keys(policies)): Promise<void> {
  for (const name of names) {
    const policy = policies[name] as RedactionPolicy;
    const stricter: RedactionPolicy = { ...policy, profile: 'strict', tags: false };
    const chance = createRandom(seed).next;
    for (let made = 0; made < captures; made++) {
      const data = makeCapture(chance);
      const once = scrubCapture(new Session(policy, 'key'), data);
      const again = new Session(policy, 'key');
      const difference = firstDifference(once, scrubCapture(again, once));
      assert.ok(difference === undefined, `capture ${made} under ${name} differs the second time at ${difference}`);
      assert.deepEqual(again.counts, {}, `capture ${made} under ${name}`);
      assert.ok(JSON.stringify(once).length < JSON.stringify(data).length * 8 + 2_000, `capture ${made} under ${name} grew`);
      for (const later of [policy, stricter]) {
        const { counts } = await answerOf(data, policy, later);
        assert.equal(counts.error, undefined, `capture ${made} under ${name}, then ${later.profile}, has errors`);
      }
    }
  }
}
