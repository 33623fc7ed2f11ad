/** What a checker answers: the frame with only the fields the protocol knows, or why it is refused. */
export type Checked<Frame> =
  | { ok: true; frame: Frame }
  /** `unsupported`: no such `t`, the connection goes on. `bad-frame`: a field is missing or wrong; `message` names it. */
  | { ok: false; code: 'unsupported' | 'bad-frame'; message: string };

/** Turns an unknown value into a `T` or throws `Malformed`; `path` is where the value stands in the frame. */
export type Reader<T> = (value: unknown, path: string) => T;

/** One reader for each field; optional fields have readers that accept `undefined`. */
export type Shape<T> = { [Field in keyof T]-?: Reader<T[Field]> };

/** A field that does not fit. Caught by `checkFrame`, never seen outside. */
export class Malformed extends Error {
  constructor(path: string, expected: string) {
    super(`${path}: expected ${expected}`);
  }
}

/** Characters that no label needs: controls, format characters (bidi, zero-width, tags) and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const everyUnprintable = new RegExp(unprintable, 'gu');

/** Whether every character of a text can be seen; `plain` refuses the others. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

/** Longest instant that a `Date` can say. */
const lastInstant = 8_640_000_000_000_000;

/** The one field of an object that decides how the rest is read, without touching what it inherits. */
export function ownField(value: object, field: string): unknown {
  return Object.hasOwn(value, field) ? (value as Record<string, unknown>)[field] : undefined;
}

/** Reads a frame with the shape that belongs to its `t`; unknown fields are dropped. */
export function checkFrame<Frame extends { t: string }>(
  value: unknown,
  shapes: { [T in Frame['t']]: Shape<Extract<Frame, { t: T }>> },
): Checked<Frame> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, code: 'bad-frame', message: 'A frame is one JSON object.' };
  }
  const t = ownField(value, 't');
  if (typeof t !== 'string') return { ok: false, code: 'bad-frame', message: 't: expected the name of a frame' };
  if (!Object.hasOwn(shapes, t)) return { ok: false, code: 'unsupported', message: `No frame is called ${label(40)(t, 't')}.` };
  try {
    return { ok: true, frame: record(shapes[t as Frame['t']] as unknown as Shape<Frame>)(value, t) };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, code: 'bad-frame', message: error.message.slice(0, 500) };
    throw error;
  }
}

/** An object with these fields; whatever else it has is left behind. */
export function record<T extends object>(shape: Shape<T>): Reader<T> {
  const fields = Object.keys(shape) as (keyof T & string)[];
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed(path, 'an object');
    const result: Partial<T> = {};
    for (const field of fields) {
      const read = shape[field](ownField(value, field), `${path}.${field}`);
      if (read !== undefined) result[field] = read;
    }
    return result as T;
  };
}

/** A list of at most `max` items. */
export function list<T>(item: Reader<T>, max: number): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Malformed(path, 'an array');
    if (value.length > max) throw new Malformed(path, `at most ${max} items`);
    return value.map((one, index) => item(one, `${path}[${index}]`));
  };
}

/** An object used as a table: at most `max` names, none of which an object has by itself (`__proto__`, `constructor`, …). */
export function table<T>(item: Reader<T>, max: number): Reader<Record<string, T>> {
  const name = plain(80, 1);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed(path, 'an object');
    const entries = Object.entries(value);
    if (entries.length > max) throw new Malformed(path, `at most ${max} entries`);
    return Object.fromEntries(
      entries.map(([key, one]) => {
        if (key in Object.prototype) throw new Malformed(path, 'no names that every object has');
        return [name(key, `${path} (a name)`), item(one, `${path}.${key}`)];
      }),
    );
  };
}

/** May be absent; null counts as absent, since some languages cannot leave a field out. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, path) => (value === undefined || value === null ? undefined : reader(value, path));
}

/** Text as it is, between `min` and `max` UTF-16 units. */
export function text(max: number, min = 0): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw new Malformed(path, 'a string');
    if (value.length < min || value.length > max) throw new Malformed(path, `${min} to ${max} characters`);
    return value;
  };
}

/** A short text that identifies something: a control or invisible character in it is a lie, so it is refused. */
export function plain(max: number, min = 0): Reader<string> {
  const read = text(max, min);
  return (value, path) => {
    const answer = read(value, path);
    if (!isPrintable(answer)) throw new Malformed(path, 'printable characters');
    return answer;
  };
}

/** A text that people read: cut at `max`, white space made a space, other unprintable characters made U+FFFD. */
export function label(max: number): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw new Malformed(path, 'a string');
    return value.slice(0, max).replace(everyUnprintable, (character) => (/\s/.test(character) ? ' ' : '\uFFFD'));
  };
}

/** Text of exactly this form. */
export function matching(form: RegExp, expected: string): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !form.test(value)) throw new Malformed(path, expected);
    return value;
  };
}

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Reader<Word> {
  return (value, path) => {
    const word = words.find((known) => known === value);
    if (word === undefined) throw new Malformed(path, `one of ${words.join(', ')}`);
    return word;
  };
}

/** Those of the words that are said. Words this version does not know are left out: a newer peer may be able to do more. */
export function known<const Word extends string>(words: readonly Word[]): Reader<Word[]> {
  const read = list(plain(40), 50);
  return (value, path) => {
    const said = new Set<string>(read(value, path));
    return words.filter((word) => said.has(word));
  };
}

/** A whole number in these bounds. */
export function integer(min: number, max: number): Reader<number> {
  return (value, path) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      throw new Malformed(path, `a whole number from ${min} to ${max}`);
    }
    return value as number;
  };
}

export const finite: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed(path, 'a finite number');
  return value;
};

/** Any finite number, brought into these bounds: for ceilings that are applied rather than argued about. */
export function clamped(min: number, max: number): Reader<number> {
  return (value, path) => Math.min(max, Math.max(min, finite(value, path)));
}

/** `clamped`, rounded down to a whole number. */
export function whole(min: number, max: number): Reader<number> {
  const read = clamped(min, max);
  return (value, path) => Math.floor(read(value, path));
}

/** Milliseconds since the epoch. */
export const instant: Reader<number> = integer(0, lastInstant);

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new Malformed(path, 'true or false');
  return value;
};

/** A `traceparent` of W3C Trace Context; what is none counts as absent, as it says. */
export const traceparent: Reader<string | undefined> = (value) =>
  typeof value === 'string' && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value) ? value : undefined;

/** Exactly this value. */
export function exactly<const T extends string | number>(wanted: T): Reader<T> {
  return (value, path) => {
    if (value !== wanted) throw new Malformed(path, String(wanted));
    return wanted;
  };
}
