/** Random numbers of one seed, so that a judge's figures can be had again (mulberry32). */
export const seed = 20_261_121;
let state = seed;

function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

/** A Go pattern for JavaScript: flags of parts become flags of the whole, which only makes it looser. */
export function toJavaScript(pattern: string): RegExp | undefined {
  const plain = pattern
    .replaceAll('[[:alnum:]]', '[A-Za-z0-9]')
    .replaceAll(/\(\?s:\.\)/g, '[\\s\\S]')
    .replaceAll(/\(\?-?[is]+\)/g, '')
    .replaceAll(/\(\?-?[is]+:/g, '(?:')
    .replaceAll('\\z', '$');
  try {
    return new RegExp(plain, pattern.includes('(?i') ? 'i' : '');
  } catch {
    return undefined;
  }
}

const unbounded = 4;
const classes: Record<string, string> = {
  w: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_',
  d: '0123456789',
  s: ' ',
  S: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
};

/** A text that fits the pattern, as long as it keeps to literals, classes, groups and counts. */
export function generated(pattern: string): string {
  let at = 0;

  function alternatives(): () => string {
    const branches = [sequence()];
    while (pattern[at] === '|') {
      at++;
      branches.push(sequence());
    }
    return () => (branches[random(branches.length)] as () => string)();
  }

  function sequence(): () => string {
    const parts: (() => string)[] = [];
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') parts.push(counted(atom()));
    return () => parts.map((part) => part()).join('');
  }

  function atom(): () => string {
    const character = pattern[at++] as string;
    if (character === '[') return oneOf(characterClass());
    if (character === '\\') return oneOf(escaped());
    if (character === '.') return oneOf(classes.S as string);
    if (character !== '(') return oneOf(character);
    const flags = /^\?[-is]*(?::|(?=\)))/.exec(pattern.slice(at));
    if (flags !== null) at += flags[0].length;
    const inner = alternatives();
    at++;
    return inner;
  }

  function escaped(): string {
    const character = pattern[at++] as string;
    if (character === 'b') return '';
    if (character === 'x') {
      at += 2;
      return String.fromCharCode(Number.parseInt(pattern.slice(at - 2, at), 16));
    }
    return classes[character] ?? character;
  }

  function characterClass(): string {
    let set = '';
    while (pattern[at] !== ']') {
      const character = pattern[at++] as string;
      const from = character === '\\' ? escaped() : character;
      if (pattern[at] === '-' && pattern[at + 1] !== ']' && from.length === 1) {
        const to = pattern.charCodeAt(at + 1);
        for (let code = from.charCodeAt(0); code <= to; code++) set += String.fromCharCode(code);
        at += 2;
      } else set += from;
    }
    at++;
    return set;
  }

  function counted(part: () => string): () => string {
    const count = /^(?:\{(\d+)(,?)(\d*)\}|[?*+])\??/.exec(pattern.slice(at));
    if (count === null) return part;
    at += count[0].length;
    const sign = count[0][0];
    const min = count[1] === undefined ? (sign === '+' ? 1 : 0) : Number(count[1]);
    const max =
      count[1] === undefined ? (sign === '?' ? 1 : unbounded) : count[2] === '' ? min : Number(count[3] || min + unbounded);
    return () => Array.from({ length: min + random(max - min + 1) }, part).join('');
  }

  const oneOf = (set: string) => (): string => set[random(Math.max(set.length, 1))] ?? '';
  return alternatives()();
}
