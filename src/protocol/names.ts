import { charCode, KeptMap, lowerCase, mapGet, mapHas, mapSet, push, slice, uncurry } from './kept.ts';
import { addPhrase, type Phrases, ruleTogether } from './run-together.ts';

/** Which names hide their values: for each rule the word sequences that trigger it, and words that take a name out again. */
export interface NameRules {
  /** Rule name → phrases of lower-case words, for example `password: ['password', 'pass phrase']`. */
  hidden: Record<string, string[]>;
  /** Words or phrases that make a name harmless when it ends in one, for example `count` in `tokenCount`. */
  harmlessEndings: string[];
  /** Words or phrases that make a name harmless when it starts with one, for example `has` in `hasPassword`. */
  harmlessBeginnings: string[];
}

const clear = uncurry(Map.prototype.clear);
const sizeOf = uncurry(Reflect.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as (this: Map<string, unknown>) => number);

/** Longer names are judged by their last part only: the end of a name says what it is. */
const maxNameChars = 128;
/** Words of one name that are looked at, from the end. */
const maxWords = 16;
/** Names remembered; when full, everything is forgotten at once, so a program with endless new names costs no memory. */
const maxRemembered = 4_096;

/** The rule that hides values of a name. `isPiece`: the name is part of a longer text, which must not be kept alive by it. */
export type NameRule = (name: string, isPiece?: boolean) => string | undefined;

/**
 * Makes the question "does this name hide its value?" answerable on a hot path: the rule's name, or undefined.
 * A phrase matches whole words of a name however it is written: `apiKey`, `API_KEY`, `x-api-key`, `apikey2`.
 * A harmless beginning or ending does not disarm a phrase that contains it: `secretId` is hidden by `secret id`.
 */
export function compileNameRules(rules: NameRules): NameRule {
  const phrases: Phrases = { rules: new KeptMap(), starts: new KeptMap(), longest: 0 };
  for (const [rule, list] of Object.entries(rules.hidden))
    for (const phrase of list) addPhrase(phrases, joinedWords(phrase), rule);
  const endings = phraseSet(rules.harmlessEndings);
  const beginnings = phraseSet(rules.harmlessBeginnings);
  const isHarmless = (head: string, tail: string): boolean => mapHas(beginnings, head) || mapHas(endings, tail);

  function judge(name: string): string | undefined {
    const words = lastOf(wordsOf(name.length > maxNameChars ? slice(name, -maxNameChars) : name), maxWords);
    const harmlessFrom = words.length - harmlessWords(words, endings, 'end');
    const harmlessTo = harmlessWords(words, beginnings, 'start');
    let found: string | undefined;
    for (let from = 0; from < words.length; from++) {
      let joined = '';
      for (let to = from; to < words.length && joined.length <= phrases.longest; to++) {
        joined += words[to];
        const rule =
          mapGet(phrases.rules, joined) ??
          singular(joined, phrases.rules) ??
          (from === to ? ruleTogether(joined, phrases, isHarmless) : undefined);
        if (rule === undefined) continue;
        const disarmedByEnding = harmlessFrom < words.length && !(from < harmlessFrom && to === words.length - 1);
        const disarmedByBeginning = harmlessTo > 0 && !(from === 0 && to >= harmlessTo);
        if (!disarmedByEnding && !disarmedByBeginning) found = rule;
      }
    }
    return found;
  }

  /** Empty for names that no rule hides. */
  const remembered = new KeptMap<string, string>();
  return (name, isPiece) => {
    const known = mapGet(remembered, name);
    if (known !== undefined) return known === '' ? undefined : known;
    const rule = judge(name);
    if (sizeOf(remembered) >= maxRemembered) clear(remembered);
    if (name.length <= maxNameChars) mapSet(remembered, isPiece ? copyOf(name) : name, rule ?? '');
    return rule;
  };
}

/** V8 copies such short pieces of a text, and keeps the whole text in memory for a longer one. */
const copiedChars = 12;

function copyOf(piece: string): string {
  let copy = '';
  for (let at = 0; at < piece.length; at += copiedChars) copy += slice(piece, at, at + copiedChars);
  return copy;
}

function phraseSet(phrases: readonly string[]): Map<string, true> {
  const joined = new KeptMap<string, true>();
  for (const phrase of phrases) mapSet(joined, joinedWords(phrase), true);
  return joined;
}

function joinedWords(phrase: string): string {
  return joinOf(wordsOf(phrase), 0);
}

function joinOf(words: readonly string[], from: number, to = words.length): string {
  let joined = '';
  for (let index = from; index < to; index++) joined += words[index];
  return joined;
}

function lastOf(words: string[], count: number): string[] {
  const last: string[] = [];
  for (let index = words.length > count ? words.length - count : 0; index < words.length; index++)
    push(last, words[index] as string);
  return last;
}

/**
 * The lower-case words of a name: split at everything that is not a letter, at `aB`, and before the last capital of `ABc`.
 * Digits separate, so `password2` is `password`.
 */
export function wordsOf(name: string): string[] {
  const words: string[] = [];
  let start = -1;
  const end = (at: number): void => {
    if (start >= 0) push(words, lowerCase(slice(name, start, at)));
    start = -1;
  };
  for (let at = 0; at < name.length; at++) {
    const kind = kindOf(charCode(name, at));
    if (kind === 'other') {
      end(at);
      continue;
    }
    if (start >= 0 && kind === 'upper') {
      const before = kindOf(charCode(name, at - 1));
      const after = at + 1 < name.length ? kindOf(charCode(name, at + 1)) : 'other';
      if (before === 'lower' || after === 'lower') end(at);
    }
    if (start < 0) start = at;
  }
  end(name.length);
  return words;
}

function kindOf(code: number): 'upper' | 'lower' | 'other' {
  if (code >= 97 && code <= 122) return 'lower';
  if (code >= 65 && code <= 90) return 'upper';
  // Letters beyond ASCII belong to a word but do not start one: scripts without case would be split at random.
  return code >= 0xc0 ? 'lower' : 'other';
}

/** How many words at that side of the name form a harmless phrase; the longest of at most three words. */
function harmlessWords(words: string[], harmless: Map<string, true>, side: 'start' | 'end'): number {
  for (let count = words.length < 3 ? words.length : 3; count > 0; count--) {
    const joined = side === 'end' ? joinOf(words, words.length - count) : joinOf(words, 0, count);
    if (mapHas(harmless, joined) || singular(joined, harmless) === true) return count;
  }
  return 0;
}

function singular<V>(joined: string, phrases: Map<string, V>): V | undefined {
  return joined[joined.length - 1] === 's' ? mapGet(phrases, slice(joined, 0, -1)) : undefined;
}
