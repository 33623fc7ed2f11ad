import { limits } from './limits.ts';
import type { ExpressionResult, Tagged, Value } from './value.ts';

// Agents render in a process whose program may have replaced any method: only these, kept at load, are called here.
const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const codeAt = uncurry(String.prototype.codePointAt as never) as unknown as (text: string, at: number) => number;
const find = uncurry(RegExp.prototype.exec as never) as unknown as (pattern: RegExp, text: string) => unknown;
const radix = uncurry(Number.prototype.toString as never) as unknown as (value: number, radix: number) => string;

/** Characters that act or hide instead of showing: controls, line ends, bidirectional and zero-width marks, fillers, halves of pairs. */
const acting =
  /[\p{Cc}\p{Cf}\p{Surrogate}\p{Zl}\p{Zp}]|[\u115f\u1160\u17b4\u17b5\u3164\uffa0]|\u034f|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/u;

/** A value on one line, as `Cart {id: 1, items: [2, … 3 more]}`; at most `maxChars` characters, the last one `…` when it was cut. */
export function renderValue(value: Value, maxChars: number = limits.maxLogChars): string {
  const line = new Line(maxChars);
  line.value(value);
  return line.text;
}

/**
 * The message of a logpoint: `texts` stand before, between and behind the results of its expressions. One line that shows every character,
 * so that no value can forge a line of a log.
 */
export function renderMessage(
  texts: readonly string[],
  results: readonly ExpressionResult[],
  maxChars: number = limits.maxLogChars,
): string {
  const line = new Line(maxChars);
  for (let at = 0; at < texts.length; at += 1) {
    line.visible(texts[at] as string, false);
    const result = results[at];
    if (result === undefined) continue;
    if ('value' in result) {
      const { value } = result;
      if (typeof value === 'string') line.visible(value, false);
      else if (isTagged(value) && value.$ === 'string') line.cutString(value, false);
      else line.value(value);
    } else {
      line.add('[error: ');
      line.visible(result.error, false);
      line.add(']');
    }
  }
  return line.text;
}

function isTagged(value: Value): value is Tagged {
  return typeof value === 'object' && value !== null;
}

/** One line of bounded length that is being written. */
class Line {
  text = '';
  #isFull = false;
  readonly #maxChars: number;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** Adds a piece whole or not at all: no escape and no pair of surrogates is split. One character is kept for `…`. */
  add(piece: string): void {
    if (this.#isFull) return;
    this.#isFull = this.text.length + piece.length >= this.#maxChars;
    this.text += this.#isFull ? '…' : piece;
  }

  /** Text of the program or its caller. Quotes are escaped too when it stands between them. */
  visible(text: string, isQuoted: boolean): void {
    for (let at = 0; at < text.length && !this.#isFull; ) {
      const code = codeAt(text, at);
      const character = code > 0xffff ? `${text[at]}${text[at + 1]}` : (text[at] as string);
      at += character.length;
      if (isQuoted && (character === '"' || character === '\\')) this.add(`\\${character}`);
      else this.add((code >= 0x20 && code < 0x7f) || find(acting, character) === null ? character : writtenOut(code));
    }
  }

  value(value: Value): void {
    if (this.#isFull) return;
    if (typeof value === 'string') this.#quoted(value);
    else if (isTagged(value)) this.#tagged(value);
    else this.add(`${value}`);
  }

  cutString({ text, length }: { text: string; length: number }, isQuoted: boolean): void {
    if (isQuoted) this.#quoted(text);
    else this.visible(text, false);
    this.add(`… (${length} characters)`);
  }

  #quoted(text: string): void {
    this.add('"');
    this.visible(text, true);
    this.add('"');
  }

  #tagged(value: Tagged): void {
    switch (value.$) {
      case 'string':
        this.cutString(value, true);
        break;
      case 'object':
        this.#class(value.className, 'Object');
        this.#fields(value.fields, value.more ?? 0);
        break;
      case 'array':
        this.#class(value.className, 'Array');
        this.#list('[', value.elements.length, value.length, ']', (at) => this.value(value.elements[at] as Value));
        break;
      case 'map':
        this.#class(value.className ?? 'Map', '');
        this.#list('{', value.entries.length, value.size, '}', (at) => {
          const entry = value.entries[at] as [Value, Value];
          this.value(entry[0]);
          this.add(' => ');
          this.value(entry[1]);
        });
        break;
      case 'error':
        this.visible(value.className, false);
        this.add(': ');
        this.#quoted(value.message);
        if (value.fields.length > 0) {
          this.add(' ');
          this.#fields(value.fields, 0);
        }
        break;
      case 'date':
        this.visible(value.iso, false);
        break;
      case 'function':
        this.#named('function', value.name);
        break;
      case 'reference':
        this.#named('same as', value.path);
        break;
      case 'cut':
        this.#class(value.className, '');
        this.add(`[cut: ${value.why}]`);
        break;
      case 'redacted':
        this.visible(value.marker ?? `[REDACTED:${value.rule}]`, false);
        break;
      case 'bigint':
        this.visible(value.text, false);
        this.add('n');
        break;
      case 'number':
      case 'symbol':
      case 'regexp':
        this.visible(value.text, false);
        break;
      case 'undefined':
        this.add('undefined');
        break;
      default:
        this.add(`[${value.$}]`);
        break;
    }
  }

  #class(name: string | undefined, plain: string): void {
    if (name === undefined || name === plain) return;
    this.visible(name, false);
    this.add(' ');
  }

  #named(what: string, name: string): void {
    this.add(`[${what} `);
    this.visible(name, false);
    this.add(']');
  }

  #fields(fields: readonly [string, Value][], more: number): void {
    this.#list('{', fields.length, fields.length + more, '}', (at) => {
      const field = fields[at] as [string, Value];
      if (isWord(field[0])) this.add(field[0]);
      else this.#quoted(field[0]);
      this.add(': ');
      this.value(field[1]);
    });
  }

  #list(open: string, shown: number, length: number, close: string, write: (at: number) => void): void {
    this.add(open);
    for (let at = 0; at < shown && !this.#isFull; at += 1) {
      if (at > 0) this.add(', ');
      write(at);
    }
    if (length > shown) this.add(`${shown > 0 ? ', ' : ''}… ${length - shown} more`);
    this.add(close);
  }
}

function isWord(name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    const one = name[at] as string;
    const isLetter = (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || one === '_' || one === '$';
    if (!isLetter && !(at > 0 && one >= '0' && one <= '9')) return false;
  }
  return name !== '';
}

function writtenOut(code: number): string {
  if (code === 0x0a) return '\\n';
  if (code === 0x0d) return '\\r';
  if (code === 0x09) return '\\t';
  let hex = radix(code, 16);
  if (code > 0xffff) return `\\u{${hex}}`;
  while (hex.length < 4) hex = `0${hex}`;
  return `\\u${hex}`;
}
