import { fold, unfold } from './folded.ts';
import { type Found, joinFound, mergeFound } from './found.ts';
import { slice } from './kept.ts';
import type { NameRule } from './names.ts';
import type { SecretRules } from './secret-rules.ts';
import { SecretSweep } from './secret-sweep.ts';

/** Shorter text holds no secret that could be told by its form. */
const minChars = 6;
/** Characters behind the part that is shown that may tell what begins in it. */
const aheadChars = 512;
const none: readonly Found[] = [];

/** Hides the secrets of a text before it leaves the process. */
export class Secrets {
  /** Whether the last `hide` showed less than the whole text. */
  isCut = false;
  /** How many markers the last text that was shown has. */
  #markers = 0;
  readonly #sweep: SecretSweep;

  constructor(rules: SecretRules, nameRule: NameRule) {
    this.#sweep = new SecretSweep(rules, nameRule);
  }

  /**
   * The first `maxChars` of the text with markers for the secrets that begin in them; the markers are added to `counts` by rule. `wasCut`: the text is the
   * beginning of another. Takes time in proportion to what is shown.
   */
  hide(text: string, maxChars: number, counts: Record<string, number>, wasCut = false): string {
    const isWhole = text.length <= maxChars;
    this.isCut = !isWhole;
    const found = text.length < minChars ? undefined : this.#find(text, maxChars, wasCut);
    if (found === undefined) return isWhole ? text : slice(text, 0, maxChars);
    let shown = this.#show(text, found, maxChars, maxChars);
    // Markers can be longer than what they hide: a text that is cut because of them must be seen to be cut.
    if (this.isCut && isWhole) shown = this.#show(text, found, maxChars, text.length - 1);
    for (let index = 0; index < this.#markers; index += 1) {
      const { rule } = found[index] as Found;
      counts[rule] = (counts[rule] ?? 0) + 1;
    }
    return shown;
  }

  /** What begins in the part that is shown, in order; undefined when there is nothing. */
  #find(text: string, maxChars: number, wasCut: boolean): Found[] | undefined {
    const shownTo = text.length < maxChars ? text.length : maxChars;
    const to = text.length < shownTo + aheadChars ? text.length : shownTo + aheadChars;
    const isOpen = wasCut || to < text.length;
    const found = this.#sweep.search(text, shownTo, to, isOpen, true);
    return found === 'folds' ? this.#findFolded(text, shownTo, to, isOpen) : found;
  }

  /** As a reader sees the text, and with blanks for what cannot be seen. */
  #findFolded(text: string, shownTo: number, to: number, isOpen: boolean): Found[] | undefined {
    const folded = fold(text, to);
    if (folded === undefined) return this.#sweep.search(text, shownTo, to, isOpen);
    const { text: seen, starts, parted } = folded;
    let seenTo = 0;
    while (seenTo < seen.length && (starts[seenTo] as number) < shownTo) seenTo += 1;
    const found = this.#sweep.search(seen, seenTo, seen.length, isOpen) ?? none;
    const led: Found[] = [];
    for (let index = 0; index < found.length; index += 1) joinFound(led, unfold(folded, found[index] as Found));
    const merged = mergeFound(led, this.#sweep.search(parted, shownTo, to, isOpen) ?? none);
    return merged.length === 0 ? undefined : merged;
  }

  #show(text: string, found: readonly Found[], maxChars: number, room: number): string {
    let shown = '';
    let from = 0;
    for (let index = 0; index < found.length; index += 1) {
      const { start, end, rule, isBare } = found[index] as Found;
      const quote = isBare ? '"' : '';
      const before = slice(text, from, start);
      const marker = `${quote}[REDACTED:${rule}]${quote}`;
      if (shown.length + before.length + marker.length > room) {
        this.#markers = index;
        this.isCut = true;
        return slice(shown + before, 0, room);
      }
      shown += before + marker;
      from = end;
    }
    this.#markers = found.length;
    const rest = from < maxChars ? slice(text, from, maxChars) : '';
    this.isCut = from + rest.length < text.length || shown.length + rest.length > room;
    return shown + slice(rest, 0, room - shown.length);
  }
}
