import { type Assignments, assignedAt, compileAssignments } from './assigned-secrets.ts';
import { alnum, characterSet, isIn, url64 } from './characters.ts';
import { isFoldable } from './folded.ts';
import { type Found, joinFound } from './found.ts';
import { charCode, KeptMap, lowerCase, mapGet, mapSet, push, slice, startsWith } from './kept.ts';
import type { NameRule } from './names.ts';
import { isPlaceholder } from './placeholder.ts';
import { authorizationAt, jwtAt, privateKeyAt, puttyKeyAt, urlPasswordAt } from './secret-forms.ts';
import type { SecretRules } from './secret-rules.ts';
import { type Runs, runsOf, SecretText } from './secret-text.ts';

/** Schemes of the Authorization header are shorter than this. */
const maxSchemeChars = 32;
/** What may stand between a name and its separator. */
const between = characterSet(' "\'`\\]?!:=\t');
/** What folding may change; of characters beyond ASCII every one. */
const odd = characterSet('\x1b\\[');
/** What a character may be, joined: each is looked up once. */
const isAlnum = 1;
const isUrl64 = 2;
const isBetween = 4;
const isFirst = 8;
const isOdd = 16;

/** Something that begins with a prefix, and how it goes on. */
interface Beginning {
  prefix: string;
  read(searched: SecretText, start: number): Found | undefined;
}

/** Finds the secrets of a text, as it stands there, in one sweep. */
export class SecretSweep {
  readonly #assignments: Assignments;
  /** By the code of a character. */
  readonly #kinds = new Uint8Array(128);
  /** By the codes of the first two characters: a place in the list of beginnings, or 0. */
  readonly #pairs = new Uint16Array(128 * 128);
  /** Longer prefixes first. */
  readonly #beginnings: Beginning[][] = [[]];
  /** By the letter a scheme begins with and its length. */
  readonly #schemes = new Uint8Array(32 * maxSchemeChars);

  constructor(rules: SecretRules, nameRule: NameRule) {
    this.#assignments = compileAssignments(rules, nameRule);
    for (const scheme of this.#assignments.schemes.keys())
      if (scheme.length < maxSchemeChars) this.#schemes[schemeAt(scheme, 0, scheme.length)] = 1;
    for (let code = 0; code < 128; code += 1)
      this.#kinds[code] =
        (alnum[code] === 1 ? isAlnum : 0) |
        (url64[code] === 1 ? isUrl64 : 0) |
        (between[code] === 1 ? isBetween : 0) |
        (odd[code] === 1 ? isOdd : 0);
    this.#add('-----BEGIN', privateKeyAt);
    this.#add('Private-Lines:', puttyKeyAt);
    this.#add('eyJ', jwtAt);
    const runs = new KeptMap<string, Runs>();
    for (const { rule, prefixes, characters, min, max } of rules.tokens) {
      const set = mapGet(runs, characters) ?? runsOf(characterSet(characters));
      mapSet(runs, characters, set);
      const form = { rule, set, min, max };
      for (const prefix of prefixes)
        this.#add(prefix, (searched, start) =>
          tokenAt(searched, start, start + prefix.length, form, this.#assignments.instructions),
        );
    }
  }

  #add(prefix: string, read: Beginning['read']): void {
    const first = charCode(prefix, 0);
    this.#kinds[first] = (this.#kinds[first] as number) | isFirst;
    const pair = first * 128 + charCode(prefix, 1);
    this.#pairs[pair] ||= this.#beginnings.length;
    const index = this.#pairs[pair] as number;
    if (index === this.#beginnings.length) push(this.#beginnings, []);
    const list = this.#beginnings[index] as Beginning[];
    push(list, { prefix, read });
    for (let at = list.length - 1; at > 0 && (list[at - 1] as Beginning).prefix.length < prefix.length; at -= 1) {
      list[at] = list[at - 1] as Beginning;
      list[at - 1] = { prefix, read };
    }
  }

  /**
   * What begins before `shownTo`, in order and joined where it overlaps; undefined when there is nothing. Nothing from `to` on is looked at.
   * 'folds' when `mayFold` and the text has to be folded first.
   */
  search(text: string, shownTo: number, to: number, isOpen: boolean): Found[] | undefined;
  search(text: string, shownTo: number, to: number, isOpen: boolean, mayFold: boolean): Found[] | undefined | 'folds';
  search(text: string, shownTo: number, to: number, isOpen: boolean, mayFold = false): Found[] | undefined | 'folds' {
    const kinds = this.#kinds;
    let searched: SecretText | undefined;
    let found: Found[] | undefined;
    let nameStart = 0;
    let nameEnd = 0;
    let firstStart = -1;
    let isNear = false;
    let kind = 0;
    for (let at = 0; at < shownTo; at += 1) {
      const code = charCode(text, at);
      const before = kind;
      kind = kinds[code] ?? isOdd;
      // Inside a word nothing begins and nothing ends.
      if ((kind & before & isAlnum) !== 0) continue;
      if ((kind & isOdd) !== 0) {
        if (mayFold && isFoldable(text, at, to)) return 'folds';
        // The `n` of a written end of line belongs to no word.
        if (code === 92 && isWrittenBlank(charCode(text, at + 1))) {
          if ((before & isUrl64) !== 0) {
            nameEnd = at;
            isNear = true;
          }
          at += 1;
          continue;
        }
      }
      let one: Found | undefined;
      if ((kind & isFirst) !== 0 && ((before & isAlnum) === 0 || code === 45)) {
        const pair = this.#pairs[code * 128 + (charCode(text, at + 1) | 0)] ?? 0;
        if (pair > 0) {
          searched ??= new SecretText(text, to, isOpen);
          one = this.#beginningAt(searched, at, pair);
        }
      }
      if ((kind & isUrl64) !== 0) {
        if ((before & isUrl64) === 0) {
          firstStart = isNear && at === nameEnd + 1 && charCode(text, nameEnd) === 32 ? nameStart : -1;
          nameStart = at;
        }
      } else {
        if ((before & isUrl64) !== 0) {
          nameEnd = at;
          isNear = true;
        }
        if (isNear && this.#mayTell(text, at, code, nameStart, nameEnd)) {
          searched ??= new SecretText(text, to, isOpen);
          searched.name(unescaped(text, nameStart), nameEnd, firstStart);
          one ??= this.#behindName(searched, at, code);
        }
        if (code === 58 && isUrl(text, at)) {
          searched ??= new SecretText(text, to, isOpen);
          one ??= urlPasswordAt(searched, at);
        }
        isNear &&= (kind & isBetween) !== 0;
      }
      if (one === undefined || one.start >= shownTo) continue;
      found ??= [];
      joinFound(found, one);
      // To look for the end of each private key that begins inside another would take long.
      if (one.rank > 0) continue;
      at = one.end - 1;
      kind = 0;
      isNear = false;
    }
    return mayFold && to > shownTo && foldsIn(text, shownTo, wordEnd(text, shownTo, to), to) ? 'folds' : found;
  }

  #beginningAt(searched: SecretText, at: number, pair: number): Found | undefined {
    const beginnings = this.#beginnings[pair] as Beginning[];
    for (let index = 0; index < beginnings.length; index += 1) {
      const one = beginnings[index] as Beginning;
      const found = startsWith(searched.text, one.prefix, at) ? one.read(searched, at) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether `#behindName` need be asked: without looking anything up. */
  #mayTell(text: string, at: number, code: number, nameStart: number, nameEnd: number): boolean {
    // What begins with a digit is a time, a place or a port, or an escape of a URL.
    const first = charCode(text, nameStart);
    if (first >= 48 && first <= 57 && charCode(text, nameStart - 1) !== 37) return false;
    if (code === 58) return !isUrl(text, at);
    if (code === 61) return true;
    if (at !== nameEnd || (code !== 32 && code !== 43 && code !== 37)) return false;
    if (at - nameStart < maxSchemeChars && this.#schemes[schemeAt(text, nameStart, at)] === 1) return true;
    return code === 37 ? isEncodedSeparator(text, at) : first === 45 && charCode(text, nameStart + 1) === 45;
  }

  /** What a name or scheme before this place gives away. */
  #behindName(searched: SecretText, at: number, code: number): Found | undefined {
    const { text, nameStart } = searched;
    if (code === 58 || code === 61)
      return assignedAt(searched, at, code === 61 && charCode(text, at + 1) === 62 ? 2 : 1, this.#assignments);
    const scheme = mapGet(this.#assignments.schemes, lowerCase(slice(text, nameStart, at)));
    const credential = scheme === undefined ? undefined : authorizationAt(searched, at, scheme);
    if (credential !== undefined) return credential;
    if (code === 37) return isEncodedSeparator(text, at) ? assignedAt(searched, at, 3, this.#assignments) : undefined;
    const isFlag = code === 32 && startsWith(text, '--', nameStart) && charCode(text, at + 1) !== 45;
    return isFlag && (nameStart === 0 || charCode(text, nameStart - 1) === 32)
      ? assignedAt(searched, at, 1, this.#assignments)
      : undefined;
  }
}

/** Where the word that goes on behind the part that is shown ends. */
function wordEnd(text: string, from: number, to: number): number {
  let end = from;
  while (end < to && (charCode(text, end) > 32 || charCode(text, end) === 27)) end += 1;
  return end;
}

function foldsIn(text: string, from: number, until: number, to: number): boolean {
  for (let at = from; at < until; at += 1) if (isFoldable(text, at, to)) return true;
  return false;
}

/** Whether the letter behind a backslash makes it the end of a line or a tab. */
const isWrittenBlank = (code: number): boolean => code === 110 || code === 114 || code === 116;

/** Where the scheme of these letters would stand among those that are known. */
const schemeAt = (text: string, from: number, to: number): number => (charCode(text, from) & 31) * maxSchemeChars + to - from;

/** Where a name begins: not with the digits of a `%3F`. */
function unescaped(text: string, nameStart: number): number {
  const first = charCode(text, nameStart);
  return charCode(text, nameStart - 1) === 37 && first >= 48 && first <= 57 ? nameStart + 2 : nameStart;
}

const isUrl = (text: string, at: number): boolean => charCode(text, at + 1) === 47 && charCode(text, at + 2) === 47;

/** `%3D` or `%3A`. */
function isEncodedSeparator(text: string, at: number): boolean {
  const last = charCode(text, at + 2) | 32;
  return charCode(text, at + 1) === 51 && (last === 97 || last === 100);
}

function tokenAt(
  searched: SecretText,
  start: number,
  from: number,
  { rule, set, min, max }: { rule: string; set: Runs; min: number; max: number },
  instructions: Map<string, true>,
): Found | undefined {
  const { text } = searched;
  let end = searched.endOf(from, set);
  if (end === from || !searched.mayGoOn(end)) {
    while (end > from && charCode(text, end - 1) === 46) end -= 1;
    const chars = end - from;
    if (chars < min || chars > max || isIn(text, end, alnum) || !searched.isStrong(from, end)) return undefined;
    if (isPlaceholder(slice(text, from, end), instructions)) return undefined;
  }
  return { start, end, rule, rank: 2 };
}
