import { captureOf } from './capture-data.ts';
import { type Sample, sensitive } from './corpus.ts';
import { benign } from './corpus-benign.ts';
import type { SensitiveCase } from './corpus-cases.ts';
import type { HarmlessCase } from './corpus-harmless.ts';
import type { Group } from './corpus-values.ts';

const provedClasses = new Set(['email', 'card', 'iban', 'ssn', 'phone', 'public-ip', 'mac', 'entropy']);

function groupOf(kind: string): Group {
  if (kind === 'person-name' || kind === 'street-address') return 'guessed';
  if (kind.endsWith('-by-name')) return 'named';
  return provedClasses.has(kind) ? 'proved' : 'secrets';
}

const held = ({ text, name = 'note' }: Sample) => captureOf({ [name]: text });

/** The values of corpus.ts as cases; classes stand for rules. */
export const byHandCases: readonly SensitiveCase[] = sensitive.map((sample) => ({
  rule: sample.class,
  group: groupOf(sample.class),
  place: 'as written',
  profile: 'debug',
  secret: sample.secret ?? sample.text,
  kept: [],
  capture: held(sample),
}));

export const byHandHarmless: readonly HarmlessCase[] = benign.map((sample) => ({ kind: sample.class, capture: held(sample) }));
