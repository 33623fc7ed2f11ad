import { rules } from '../../src/redaction/rules.ts';
import { captureOf } from './capture-data.ts';
import { atTheCut, namedPlaces, type Placed, places, spelled, writtenPlaces } from './corpus-places.ts';
import { type Chance, digits, type Form, forms, type Group, lower, mixed, pick, run } from './corpus-values.ts';

/** One sensitive value in its place. */
export interface SensitiveCase extends Omit<Placed, 'written'> {
  /** The rule that should hide it. */
  rule: string;
  group: Group;
  place: string;
  profile: 'debug' | 'strict';
  /** What must not be seen, as it is written there. */
  secret: string;
}

/** What is cut cannot be proved, and nothing looks random when each of its characters is escaped. */
function groupOf({ group, rule }: Form, place: string): Group {
  if (place === cutPlace && group === 'proved') return 'guessed';
  return place === 'percent-encoded' && rule === 'high-entropy' ? 'guessed' : group;
}

const cutPlace = 'cut at its end';

function formCase(form: Form, place: string, chance: Chance, put = places[place] as (typeof places)[string]): SensitiveCase {
  const { text, secret } = form.make(chance);
  const { written, ...placed } = put(text, chance);
  return {
    ...placed,
    rule: form.rule,
    group: groupOf(form, place),
    profile: form.profile ?? 'debug',
    place,
    secret: written?.(secret) ?? secret,
  };
}

/** Names and streets are only looked for in sentences. */
const proseOnly = new Set(['start of a sentence', 'middle of a sentence', 'end of a sentence']);

/** What has a form of its own, in every place. */
function formCases(chance: Chance): SensitiveCase[] {
  return forms.flatMap((form) => {
    const wanted = Object.keys(places).filter((place) => form.group !== 'guessed' || proseOnly.has(place));
    const cases = wanted.map((place) => formCase(form, place, chance));
    if (form.group === 'guessed') return cases;
    const cut = Array.from({ length: 3 }, () => formCase(form, cutPlace, chance, atTheCut));
    return [...cases, ...cut];
  });
}

/** Card numbers as programs hold them: as numbers. */
function numberCases(chance: Chance): SensitiveCase[] {
  const cards = forms.filter(({ rule }) => rule === 'card').slice(0, 1);
  return cards.flatMap((form) =>
    Array.from({ length: 5 }, () =>
      formCase(form, 'a number', chance, (text) => ({ capture: captureOf({ n: Number(text) }), kept: [] })),
    ),
  );
}

const profileOf = (rule: string): 'debug' | 'strict' => (rules[rule]?.from === 'strict' ? 'strict' : 'debug');

/** Something that only its name gives away. */
const plainValue = (chance: Chance): string =>
  pick(chance, [
    () => `${run(chance, lower, 3)}-${run(chance, digits, 4)}-${run(chance, lower, 2)}`,
    () => mixed(chance, 9),
    () => `${run(chance, digits, 2)}${run(chance, lower, 7)}`,
  ])();

const owners = ['', '', 'user ', 'customer ', 'old ', 'main '];

function namedCase(rule: string, place: string, phrase: string, chance: Chance): SensitiveCase {
  const secret = plainValue(chance);
  const put = namedPlaces[place] ?? (writtenPlaces[place] as (typeof writtenPlaces)[string]);
  const { written: _, ...placed } = put(spelled(chance, pick(chance, owners) + phrase), secret, chance);
  return { ...placed, rule, group: place in namedPlaces ? 'named' : 'guessed', profile: profileOf(rule), place, secret };
}

/** Every phrase of every rule in some place of a structure; of secrets also before its value in plain text. */
function namedCases(chance: Chance): SensitiveCase[] {
  return Object.entries(rules).flatMap(([rule, { names, kind }]) => {
    if (names.length === 0) return [];
    const everyPlace = Object.keys(namedPlaces).map((place) => namedCase(rule, place, pick(chance, names), chance));
    const everyPhrase = names.map((phrase) => namedCase(rule, pick(chance, Object.keys(namedPlaces)), phrase, chance));
    if (kind !== 'secret') return [...everyPlace, ...everyPhrase];
    const inText = Object.keys(writtenPlaces).map(
      (place): SensitiveCase => ({ ...namedCase(rule, place, pick(chance, names), chance), group: 'secrets' }),
    );
    return [...everyPlace, ...everyPhrase, ...inText];
  });
}

/** The part of the corpus that detectors are developed with. */
export function developmentCases(chance: Chance): SensitiveCase[] {
  return [...formCases(chance), ...numberCases(chance), ...namedCases(chance)];
}
