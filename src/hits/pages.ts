import { createHash } from 'node:crypto';

/** Where a page begins: items before `at` are done, and of that one the first `from` characters of its JSON. */
export interface PageStart {
  at: number;
  from: number;
  /** Of an item that is continued: the fingerprint of its JSON. */
  check?: string;
}

/** A piece of an item that is larger than a page: `text` is JSON text from character `from` on; `of` is how much there is in all. */
export interface Part {
  from: number;
  of: number;
  text: string;
}

/** An item is continued whose JSON is not the same any more. */
export class ChangedItem extends Error {}

/** What a part costs beside its text. */
const partBytes = 80;

/** Names a JSON text, to see whether it is still the same. */
export const fingerprint = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** Bytes of JSON in UTF-8, as an answer is sent. */
export const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * Fills one page of at most `maxBytes` of JSON with items in order. An item that is larger than a page goes out in parts, on pages
 * of their own, so that the parts and items of all pages are everything, each once.
 */
export class Page<Item> {
  readonly items: Item[] = [];
  part: Part | undefined;
  /** Where the next page begins. */
  next: PageStart;
  isFull = false;
  readonly #maxBytes: number;
  #bytes = 2;

  constructor(maxBytes: number, start: PageStart) {
    this.#maxBytes = maxBytes;
    this.next = start;
  }

  /** Takes the item that `next.at` names, whole or in part, unless the page is full. Throws `ChangedItem`. */
  add(item: Item): void {
    if (this.isFull) return;
    const json = JSON.stringify(item);
    const { at, from, check } = this.next;
    if (from > 0 && (from >= json.length || check !== fingerprint(json))) throw new ChangedItem();
    const bytes = Buffer.byteLength(json) + 1;
    if (from === 0 && this.#bytes + bytes <= this.#maxBytes) {
      this.items.push(item);
      this.#bytes += bytes;
      this.next = { at: at + 1, from: 0 };
      return;
    }
    this.isFull = true;
    if (this.items.length > 0) return;
    const text = pieceOf(json, from, this.#maxBytes - partBytes);
    const end = from + text.length;
    this.part = { from, of: json.length, text };
    this.next = end === json.length ? { at: at + 1, from: 0 } : { at, from: end, check: fingerprint(json) };
  }
}

/** The longest piece from `from` whose JSON is about `maxBytes` at most; never half a surrogate pair, never empty. */
function pieceOf(json: string, from: number, maxBytes: number): string {
  for (let chars = Math.min(json.length - from, maxBytes); ; ) {
    const piece = json.slice(from, from + chars).replace(/[\ud800-\udbff]$/, '');
    const bytes = bytesOf(piece);
    if (bytes <= maxBytes) return piece;
    chars = Math.floor((chars * maxBytes) / bytes);
  }
}
