/** Which names hide their values: for each rule the word sequences that trigger it, and words that take a name out again. */
export interface NameRules {
  /** Rule name → phrases of lower-case words, for example `password: ['password', 'pass phrase']`. */
  hidden: Record<string, string[]>;
  /** Words or phrases that make a name harmless when it ends in one, for example `count` in `tokenCount`. */
  harmlessEndings: string[];
  /** Words or phrases that make a name harmless when it starts with one, for example `has` in `hasPassword`. */
  harmlessBeginnings: string[];
}

/** Longer names are judged by their last part only: the end of a name says what it is. */
const maxNameChars = 128;
/** Words of one name that are looked at, from the end. */
const maxWords = 16;
/** Names remembered; when full, everything is forgotten at once, so a program with endless new names costs no memory. */
const maxRemembered = 4_096;
/** A word that merely ends in a phrase (`dbpassword`) counts from this length on; shorter ones occur by chance. */
const minSuffixChars = 7;

/**
 * Makes the question "does this name hide its value?" answerable on a hot path: the rule's name, or undefined.
 * A phrase matches whole words of a name however it is written: `apiKey`, `API_KEY`, `x-api-key`, `apikey2`.
 * A harmless beginning or ending does not disarm a phrase that contains it: `secretId` is hidden by `secret id`.
 */
export function compileNameRules(rules: NameRules): (name: string) => string | undefined {
  const phrases = new Map<string, string>();
  let longest = 0;
  for (const [rule, list] of Object.entries(rules.hidden)) {
    for (const phrase of list) {
      const joined = wordsOf(phrase).join('');
      if (joined === '' || phrases.has(joined)) continue;
      phrases.set(joined, rule);
      longest = Math.max(longest, joined.length);
    }
  }
  const endings = new Set(rules.harmlessEndings.map((ending) => wordsOf(ending).join('')));
  const beginnings = new Set(rules.harmlessBeginnings.map((beginning) => wordsOf(beginning).join('')));

  function judge(name: string): string | undefined {
    const words = wordsOf(name.length > maxNameChars ? name.slice(-maxNameChars) : name).slice(-maxWords);
    if (words.length === 0) return undefined;
    const harmlessFrom = words.length - harmlessWords(words, endings, 'end');
    const harmlessTo = harmlessWords(words, beginnings, 'start');
    let found: string | undefined;
    for (let from = 0; from < words.length; from++) {
      let joined = '';
      for (let to = from; to < words.length && joined.length <= longest; to++) {
        joined += words[to];
        const rule =
          phrases.get(joined) ?? singular(joined, phrases) ?? (from === to ? suffix(joined, phrases, longest) : undefined);
        if (rule === undefined) continue;
        const disarmedByEnding = harmlessFrom < words.length && !(from < harmlessFrom && to === words.length - 1);
        const disarmedByBeginning = harmlessTo > 0 && !(from === 0 && to >= harmlessTo);
        if (!disarmedByEnding && !disarmedByBeginning) found = rule;
      }
    }
    return found;
  }

  const remembered = new Map<string, string | undefined>();
  return (name) => {
    if (remembered.has(name)) return remembered.get(name);
    const rule = judge(name);
    if (remembered.size >= maxRemembered) remembered.clear();
    if (name.length <= maxNameChars) remembered.set(name, rule);
    return rule;
  };
}

/**
 * The lower-case words of a name: split at everything that is not a letter, at `aB`, and before the last capital of `ABc`.
 * Digits separate, so `password2` is `password`.
 */
export function wordsOf(name: string): string[] {
  const words: string[] = [];
  let start = -1;
  const end = (at: number): void => {
    if (start >= 0) words.push(name.slice(start, at).toLowerCase());
    start = -1;
  };
  for (let at = 0; at < name.length; at++) {
    const kind = kindOf(name.charCodeAt(at));
    if (kind === 'other') {
      end(at);
      continue;
    }
    if (start >= 0 && kind === 'upper') {
      const before = kindOf(name.charCodeAt(at - 1));
      const after = at + 1 < name.length ? kindOf(name.charCodeAt(at + 1)) : 'other';
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
function harmlessWords(words: string[], harmless: Set<string>, side: 'start' | 'end'): number {
  for (let count = Math.min(3, words.length); count > 0; count--) {
    const part = side === 'end' ? words.slice(-count) : words.slice(0, count);
    const joined = part.join('');
    if (harmless.has(joined) || (joined.endsWith('s') && harmless.has(joined.slice(0, -1)))) return count;
  }
  return 0;
}

function singular(joined: string, phrases: Map<string, string>): string | undefined {
  return joined.endsWith('s') ? phrases.get(joined.slice(0, -1)) : undefined;
}

function suffix(word: string, phrases: Map<string, string>, longest: number): string | undefined {
  for (let length = Math.min(longest, word.length - 1); length >= minSuffixChars; length--) {
    const rule = phrases.get(word.slice(-length));
    if (rule !== undefined) return rule;
  }
  return undefined;
}
