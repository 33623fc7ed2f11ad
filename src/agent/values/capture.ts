import { limits } from '../../protocol/limits.ts';
import type { Secrets } from '../../protocol/secrets.ts';
import type { CutReason, Value } from '../../protocol/value.ts';
import {
  bigintText,
  charCode,
  isInteger,
  KeptMap,
  mapGet,
  mapHas,
  mapSet,
  min,
  monotonicMs,
  sameValue,
  slice,
  symbolText,
  toText,
} from '../intrinsics.ts';
import { captureObject } from './capture-object.ts';
import { isLargeBigint } from './large.ts';
import { push } from './lists.ts';
import type { Read } from './read.ts';

/** Which rule hides the value of a name, if one does. */
export type HiddenName = (name: string) => string | undefined;

/** What the policy hides in a hit. */
export interface Rules {
  readonly hidden: HiddenName;
  /** Undefined while the bridge sent none: then texts are shown as they are. */
  readonly secrets: Secrets | undefined;
}

/** How much of one hit may be read. */
export interface CaptureBounds {
  /** Nested levels of containers that are opened. */
  depth: number;
  nodes: number;
  bytes: number;
  /** When to stop, by `monotonicMs`. */
  deadlineMs: number;
}

/** Values between two looks at the clock. */
const nodesPerClockLook = 8;
/**
 * V8 puts a text that was joined from pieces together as a whole before the first character can be read: about 3 ms for a million characters
 * in Node 20. Longer ones are shown by their length.
 */
const maxOpenedChars = 1024 * 1024;
/** Texts from this length on are read only while there is time. */
const quickChars = 16 * 1024;
/** Characters that are still searched for secrets once the time is over, some tenths of a millisecond; texts beyond are not shown. */
const maxLateChars = 16 * 1024;
/** Bytes a value costs beside its text: brackets, tag and comma. */
const bytesPerValue = 24;

/** Turns values of the program into protocol values, within the bounds of one hit and without running its code. */
export class Capture {
  readonly depth: number;
  readonly cut: CutReason[] = [];
  readonly redacted: Record<string, number> = { __proto__: null } as unknown as Record<string, number>;
  readonly #hidden: HiddenName;
  readonly #secrets: Secrets | undefined;
  readonly #deadlineMs: number;
  #nodesLeft: number;
  #bytesLeft: number;
  #spent: CutReason | undefined;
  #lateCharsLeft = maxLateChars;
  #isCut = false;
  #seen = new KeptMap<object, string>();

  constructor(bounds: CaptureBounds, { hidden, secrets }: Rules) {
    this.depth = bounds.depth;
    this.#nodesLeft = bounds.nodes;
    this.#bytesLeft = bounds.bytes;
    this.#deadlineMs = bounds.deadlineMs;
    this.#hidden = hidden;
    this.#secrets = secrets;
  }

  /** Starts a group of values that may refer to each other. */
  forget(): void {
    this.#seen = new KeptMap();
  }

  /** Says where this value will be shown, so that one met earlier inside another refers to it there, at its full depth. */
  announce(value: unknown, path: string): void {
    if (isContainer(value) && !mapHas(this.#seen, value)) mapSet(this.#seen, value, path);
  }

  /** The value of a name or field, unless a rule hides names like it. */
  named(name: string, read: Read, path: string, level: number): Value {
    const rule = this.#hidden(name);
    if (rule !== undefined) return this.redact(rule);
    return read.kind === 'value' ? this.value(read.value, path, level) : this.absent(read.kind);
  }

  /** Marks a value as hidden. */
  redact(rule: string): Value {
    this.redacted[rule] = (this.redacted[rule] ?? 0) + 1;
    this.#bytesLeft -= bytesPerValue + rule.length;
    return { $: 'redacted', rule };
  }

  /** What stands where no value could be read. */
  absent(kind: Exclude<Read['kind'], 'value'>): Value {
    this.#bytesLeft -= bytesPerValue;
    return { $: kind === 'missing' ? 'unavailable' : kind };
  }

  /** One value at a nesting level; variables and expressions stand at level 1. */
  value(value: unknown, path: string, level: number): Value {
    const spent = this.#spend();
    // A primitive takes no time; it is shown even when the time is over.
    if (spent !== undefined && (spent !== 'time' || isContainer(value))) return { $: 'cut', why: spent };
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        if (sameValue(value, -0)) return { $: 'number', text: '-0' };
        return isInteger(value) || value - value === 0 ? value : { $: 'number', text: toText(value) };
      case 'boolean':
        return value;
      case 'undefined':
        return { $: 'undefined' };
      case 'bigint':
        return { $: 'bigint', text: isLargeBigint(value) ? '(more than 800 bits)' : this.keep(bigintText(value, 10)) };
      case 'symbol':
        return { $: 'symbol', text: this.keep(symbolText(value)) };
      default:
        return value === null ? null : this.#container(value as object, path, level);
    }
  }

  /** A string, cut to its ceiling. */
  text(value: string): Value {
    if (value.length > quickChars && this.#isLate()) return { $: 'cut', why: 'time' };
    const text = this.keep(value);
    if (this.#lateCharsLeft < 0 && text === '' && value !== '') return { $: 'cut', why: 'time' };
    return this.#isCut ? { $: 'string', text, length: value.length } : text;
  }

  /**
   * The beginning of a text with its secrets hidden, counted as bytes of JSON; empty for one that is too long to be opened, or to be
   * searched when the time is over.
   */
  keep(text: string, maxChars: number = limits.maxStringChars): string {
    const kept = this.#beginning(text, maxChars);
    this.#bytesLeft -= jsonBytes(kept);
    return kept;
  }

  #beginning(text: string, maxChars: number): string {
    const secrets = this.#secrets;
    this.#isCut = text.length > maxChars;
    if (text.length > maxOpenedChars) return '';
    if (secrets === undefined) return this.#isCut ? slice(text, 0, maxChars) : text;
    if (this.#spent === 'time') this.#lateCharsLeft -= min(text.length, maxChars);
    if (this.#lateCharsLeft < 0) return '';
    const kept = secrets.hide(text, maxChars, this.redacted);
    this.#isCut = secrets.isCut;
    return kept;
  }

  /** Whether no more may be read; containers stop adding elements then. */
  get isSpent(): boolean {
    return this.#spent !== undefined;
  }

  /** Whether not even a name fits any more. When only the time is over, the few fields of an object still show their primitives. */
  get isFull(): boolean {
    return this.#spent !== undefined && this.#spent !== 'time';
  }

  /** Notes that something was left out, and why. */
  note(why: CutReason): void {
    for (let index = 0; index < this.cut.length; index += 1) if (this.cut[index] === why) return;
    push(this.cut, why);
  }

  #container(value: object, path: string, level: number): Value {
    if (typeof value === 'object') {
      const shownAt = mapGet(this.#seen, value);
      if (shownAt !== undefined && shownAt !== path) {
        return { $: 'reference', path: this.keep(shownAt) };
      }
    }
    return captureObject(this, value, path, level, () => mapSet(this.#seen, value, path));
  }

  /** Looks at the clock; once the time is over it stays so. */
  #isLate(): boolean {
    if (this.#spent === undefined && monotonicMs() > this.#deadlineMs) {
      this.#spent = 'time';
      this.note('time');
    }
    return this.#spent !== undefined;
  }

  /** The rule that hides values of this name. */
  ruleFor(name: string): string | undefined {
    return this.#hidden(name);
  }

  /** Pays for one value; gives the ceiling that is met, which stays met. */
  #spend(): CutReason | undefined {
    if (this.#spent === undefined) {
      this.#nodesLeft -= 1;
      this.#bytesLeft -= bytesPerValue;
      if (this.#nodesLeft < 0) this.#spent = 'nodes';
      else if (this.#bytesLeft < 0) this.#spent = 'bytes';
      else if (this.#nodesLeft % nodesPerClockLook === 0) this.#isLate();
      if (this.#spent !== undefined) this.note(this.#spent);
    }
    return this.#spent;
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** UTF-8 bytes of the text inside a JSON string. */
function jsonBytes(text: string): number {
  let bytes = 2;
  for (let index = 0; index < text.length; index += 1) {
    const code = charCode(text, index);
    if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) bytes += 6;
    else if (code === 0x22 || code === 0x5c) bytes += 2;
    else bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
  }
  return bytes;
}
