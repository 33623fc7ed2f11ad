import assert from 'node:assert/strict';
import { createRandom } from '../../../agents-sim/random.ts';
import { findEncoded } from '../../../src/redaction/detectors/encoded.ts';
import { traitsOf } from '../../../src/redaction/detectors/sweep.ts';
import { detectors } from '../../../src/redaction/detectors/table.ts';
import { vendorTokens } from '../../../src/redaction/detectors/vendor-tokens.ts';
import { defaultRedactionPolicy } from '../../../src/redaction/policy.ts';
import { Session } from '../../../src/redaction/session.ts';
import { benign, sensitive } from '../corpus.ts';
import { developmentCases } from '../corpus-cases.ts';
import { developmentHarmless } from '../corpus-harmless.ts';
import { heldOutCases } from '../corpus-held-out.ts';
import { between, type Chance, forms, pick } from '../corpus-values.ts';
import { nationalIdSamples } from '../national-id-samples.ts';
import { notations } from '../notation-samples.ts';

/** Changed texts a seed makes, besides those it changes. */
const changes = 3_000;
/** Longer texts take time and hold nothing that shorter ones do not. */
const maxChars = 600;

/** Every text in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const signs = [
  '',
  ' ',
  '=',
  ': ',
  ':',
  '-',
  '--',
  '"',
  '", "',
  '%3D',
  '%22',
  '/',
  '.',
  '\n',
  '\u00a0',
  'ß',
  'ſ',
  '&',
  '?',
  ';',
  '_',
  '+',
  '0',
  'A',
  '(',
  '>',
];

const body = 'a8Fk2LmQ9xZt4Rb7Wc1Yd5Nv3Ge6Hj0PsUoTiKqX'.repeat(2);
const hex = '0a1b2c3d4e5f60718293a4b5c6d7e8f9'.repeat(2);
/** What the corpora have none of, put together here so that scanners of repositories find no token. */
const more = [
  `${body.slice(0, 3)}8Q~${body.slice(0, 33)}`,
  `1234567890:A${body.slice(0, 34)}`,
  ['M', body.slice(0, 23), '.', body.slice(0, 6), '.', body.slice(0, 38)].join(''),
  `${body.slice(0, 14)}.atlasv1.${body.slice(0, 64)}`,
  `${hex.slice(0, 32)}-us12`,
  `${hex.slice(0, 32)}-${hex.slice(0, 8)}-${hex.slice(8, 16)}`,
  `${body.slice(0, 6)}_${body.slice(0, 29)}_mmk`,
  `sc_${hex.slice(0, 8)}.${hex.slice(0, 4)}.acc_${hex.slice(0, 12)}.${body.slice(0, 32)}`,
  `123456789012345|${body.slice(0, 27)}`,
  `s.${body.slice(0, 24)}`,
  ['1A1zP1eP5QGefi2D', 'MPTfTL5SLmv7DivfNa'].join(''),
  ['bc1qw508d6qejxtdg4y5', 'r3zarvary0c5xw7kv8f3t4'].join(''),
  `wallet 0x${hex.slice(0, 40)}`,
  'call me at 5551234567',
  'reach us on 5551234567 fax',
  '5551234567 office',
  'cut: {"a":1,"passwords":["k3v9-xz1","k3',
  'said {"credentials": {"plain":"k3v9-xz1"}} then',
  // What gates left out once.
  "PASSWORD('tr0ubador9",
  "k=md5('x'",
  '08 872',
  '<a>eyJhbGciOiJFU.zI1NiJ9',
  '00 766\n6',
  'she lives at 742 evergreen avenue in spring',
  '5 67 station road',
  'Linda Taylor\nccdf.944FDB',
  'password→hunter22',
  "otp '123'",
  'pin:|\n 12',
  '<pin a>12</',
  'form-data; name="pin"\n\n12',
  '-u a:bc',
  "IDENTIFIED\tBY\t'k3v9-xz1'",
  'MHcCAQEEIabcdefg',
  ['LVxehPhxVAqHWTGa', 'XiZVBZVgEVytgMXSab'].join(''),
  ['M', 'bcdefghijklmnopqrstuvwx', '.', 'Zabcde', '.', 'Ybcdefghijklmnopqrstuvwxyzabcde'].join(''),
  `data ${body.slice(0, 56)} id=${body.slice(0, 6)}_${body.slice(0, 29)}_mmk`,
];

/** The text with one thing changed that a gate may look at. */
function changed(chance: Chance, text: string, others: readonly string[]): string {
  const at = between(chance, 0, text.length);
  return pick<() => string>(chance, [
    () => text.slice(0, at) + text.slice(at + between(chance, 1, 4)),
    () => text.slice(0, at) + pick(chance, signs) + text.slice(at),
    () => text.slice(0, at),
    () => text.slice(at),
    () => text.slice(0, at).toUpperCase() + text.slice(at),
    () => text.slice(0, at).toLowerCase() + text.slice(at),
    () => pick(chance, others).slice(0, 80) + pick(chance, signs) + text,
  ])();
}

export function textsOf(seed: number): string[] {
  const chance = createRandom(seed).next;
  const cases = [...developmentCases(chance), ...heldOutCases(chance), ...developmentHarmless(chance)];
  const known = [
    ...[...benign, ...sensitive].map(({ text }) => text),
    ...cases.flatMap(({ capture }) => textsIn(capture.scopes)),
    ...Array.from({ length: 10 }, () => forms.map((form) => form.make(chance).text)).flat(),
    ...textsIn(nationalIdSamples),
    ...textsIn(notations),
    ...more,
    ...more.flatMap((text) => [`id=${text}`, `is ${text}, then`]),
  ].filter((text) => text.length <= maxChars);
  const all = [...new Set(known)];
  return [...all, ...Array.from({ length: changes }, () => changed(chance, changed(chance, pick(chance, all), all), all))];
}

/** One look at a text leaves nothing out: what a detector or a decoder would find, its gate lets it look for. */
export function checkGates(seed: number): void {
  const all = textsOf(seed);
  const session = new Session({ ...defaultRedactionPolicy, profile: 'strict' }, 'key');
  for (const text of all) {
    for (const scanning of [session.scanning(false), session.scanning(true)]) {
      const traits = traitsOf(text, scanning.cut, scanning.nameGrams);
      for (const detector of detectors) {
        if (detector.couldHold(traits) || detector.find(text, scanning).length === 0) continue;
        assert.fail(`${detector.name} would find ${JSON.stringify(text)}${scanning.cut ? ', cut' : ''}`);
      }
    }
  }
  checkEncoded(createRandom(seed).next, all);
}

/** No encoded token is left out. */
function checkEncoded(chance: Chance, all: readonly string[]): void {
  const scanning = new Session(defaultRedactionPolicy, 'key').scanning(false);
  const search = (decoded: string) => vendorTokens.find(decoded, scanning)[0];
  const tokens = all.filter((text) => search(text) !== undefined && text.length < 100);
  const encodings: ((text: string) => string)[] = [
    (text) => Buffer.from(text).toString('base64'),
    (text) => Buffer.from(text).toString('base64url'),
    (text) => Buffer.from(text).toString('hex'),
    (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    (text) => [...Buffer.from(text, 'latin1')].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  ];
  for (const token of tokens) {
    const text = pick(chance, ['', 'x=', '/a ']) + pick(chance, encodings)(token) + pick(chance, ['', ' b', '&c']);
    const traits = traitsOf(text, false);
    const every = { ...traits, shapes: -1, percent: true, backslash: true };
    assert.deepEqual(findEncoded(text, traits, search), findEncoded(text, every, search), text);
  }
}
