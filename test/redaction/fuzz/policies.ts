import assert from 'node:assert/strict';
import { createRandom } from '../../../agents-sim/random.ts';
import type { Value } from '../../../src/protocol/value.ts';
import { defaultRedactionPolicy, profiles, type RedactionPolicies, type RedactionPolicy } from '../../../src/redaction/policy.ts';
import { rules } from '../../../src/redaction/rules.ts';
import { policiesOf, type Say, type SourceSay } from '../../../src/redaction/sources.ts';
import { answerOf, array, captureOf, object } from '../capture-data.ts';
import { benign, sensitive } from '../corpus.ts';

const personal = Object.keys(rules).filter((rule) => rules[rule]?.kind === 'personal');
const ruleNames = ['customer', 'email', 'password', 'order-ref'];
const phrases = ['loyalty number', 'status', 'note', 'token count', 'order', 'has password'];
const expressions = ['ORD-[0-9]{6}', 'name', '[a-z]+', '[0-9]{4,}', '(?i)note: ([a-z ]+)', 'a.*z', 'ada@[a-z.]+'];
const paths = ['order', 'order.note', '*', '*.*', 'value0', 'value1.text'];

interface Chance {
  some<T>(from: readonly T[]): T[];
  one<T>(from: readonly T[]): T;
  maybe<T>(make: () => T): T | undefined;
}

function chanceOf(seedOfRound: number): Chance {
  const { next, chance } = createRandom(seedOfRound);
  const one = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  return {
    one,
    some: (from) => from.filter(() => chance(0.3)),
    maybe: (make) => (chance(0.5) ? make() : undefined),
  };
}

function sayOf({ some, one, maybe }: Chance): Say {
  const lists = (from: readonly string[]): Record<string, string[]> =>
    Object.fromEntries(some(ruleNames).map((rule) => [rule, [one(from), ...some(from)]]));
  const profile = maybe(() => one(profiles));
  const tags = maybe(() => one([true, false]));
  const hide = some(personal);
  const allowList = one([0, 1, 2]) === 0 ? { names: some(phrases), paths: some(paths) } : undefined;
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(tags === undefined ? {} : { tags }),
    ...{ names: lists(phrases), patterns: lists(expressions), hide, show: some(personal).filter((rule) => !hide.includes(rule)) },
    ...(allowList === undefined ? {} : { allowList }),
  };
}

function policiesFrom(chance: Chance): RedactionPolicies {
  const entries = chance.some([1, 2, 3, 4]).map((): SourceSay => {
    return { ...sayOf(chance), pool: chance.one(['*', 'prod-*', 'dev']), service: chance.one(['*', 'shop', 'pay*']) };
  });
  return policiesOf(sayOf(chance), entries);
}

const sources = ['prod-1', 'dev'].flatMap((pool) => ['shop', 'payments'].map((service) => ({ pool, service })));

/** Each sample in a variable of its own, where its name is told by its field, a sibling, the element before it or a key. */
const samples = [...sensitive, ...benign];
const variables = Object.fromEntries(
  samples.map(({ text, name = 'text' }, at): [string, Value] => {
    const said = [
      object({ name, value: text }),
      array(name, text),
      { $: 'map' as const, size: 1, entries: [[name, text] as [Value, Value]] },
    ];
    return [`value${at}`, object({ [name]: text, said: array(...said) })];
  }),
);

async function shownUnder(policy: RedactionPolicy, later = policy) {
  const { hit, stored } = await answerOf(captureOf(variables), policy, later);
  return { stored, values: samples.map((_, at) => JSON.stringify((hit.variables as Record<string, unknown>)[`value${at}`])) };
}

const isShown = (value: string | undefined, secret: string): boolean =>
  value?.includes(JSON.stringify(secret).slice(1, -1)) ?? false;

/** What the lowest profile hides: the secrets of the samples. Worked out once. */
let floor: { at: number; secret: string }[] | undefined;

async function floorOf(): Promise<{ at: number; secret: string }[]> {
  const lowest = await shownUnder({ ...defaultRedactionPolicy, profile: 'secrets-only' });
  const found = samples.flatMap(({ secret }, at) =>
    secret !== undefined && !isShown(lowest.values[at], secret) ? [{ at, secret }] : [],
  );
  assert.ok(found.length > 40, `only ${found.length} samples are hidden under secrets-only`);
  return found;
}

/**
 * No policy shows what the profile secrets-only hides, of no source, at capture or later; and nothing is shown without a
 * source that is hidden for some source.
 */
export async function checkPolicies(seed: number): Promise<void> {
  floor ??= await floorOf();
  const policies = policiesFrom(chanceOf(seed));
  const different = new Map([policies.base, ...sources.map(policies.for)].map((policy) => [JSON.stringify(policy), policy]));
  const base = await shownUnder(policies.base);
  for (const policy of different.values()) {
    const { stored, values } = JSON.stringify(policy) === JSON.stringify(policies.base) ? base : await shownUnder(policy);
    const leaked: { at: number; secret: string }[] = floor.filter(
      ({ at, secret }) => isShown(values[at], secret) || (secret.length > 8 && isShown(stored, secret)),
    );
    assert.deepEqual({ policy, leaked }, { policy, leaked: [] });
    const more = samples.flatMap(({ secret }, at) =>
      secret !== undefined && isShown(base.values[at], secret) && !isShown(values[at], secret) ? [secret] : [],
    );
    assert.deepEqual({ policy, base: policies.base, more }, { policy, base: policies.base, more: [] });
  }
}
