/** A stretch of the old text and what stands in its place in the new one. */
export type Change = [from: number, to: number, newFrom: number, newTo: number];

/** V8 compares two runs of lines character by character only when both are shorter. */
const maxComparedChars = 800;

/**
 * The changes V8 sees between two texts (`liveedit-diff.cc`: Myers' comparison in linear space, of lines, then of characters). It maps
 * functions by them, so text may only go in where it sees exactly that. Both texts have the same lines but for some insertions.
 */
export function changesV8Sees(old: string, now: string): Change[] {
  const [oldLines, newLines] = [linesOf(old), linesOf(now)];
  let first = 0;
  while (first < oldLines.length && oldLines[first] === newLines[first]) first += 1;
  let last = oldLines.length;
  let newLast = newLines.length;
  while (last > first && newLast > first && oldLines[last - 1] === newLines[newLast - 1]) {
    last -= 1;
    newLast -= 1;
  }
  const [starts, newStarts] = [startsOf(oldLines), startsOf(newLines)];
  return compare(oldLines.slice(first, last), newLines.slice(first, newLast)).flatMap((lines): Change[] => {
    const [from, to] = [starts[lines[0] + first] as number, starts[lines[1] + first] as number];
    const [newFrom, newTo] = [newStarts[lines[2] + first] as number, newStarts[lines[3] + first] as number];
    if (to - from >= maxComparedChars || newTo - newFrom >= maxComparedChars) return [[from, to, newFrom, newTo]];
    return compare(old.slice(from, to).split(''), now.slice(newFrom, newTo).split('')).map(([a, b, c, d]) => [
      a + from,
      b + from,
      c + newFrom,
      d + newFrom,
    ]);
  });
}

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

function startsOf(lines: readonly string[]): number[] {
  let at = 0;
  return [0, ...lines.map((line) => (at += line.length))];
}

type Point = [x: number, y: number];

/** Myers' comparison, with V8's choices where several are equally short. */
function compare(a: readonly string[], b: readonly string[]): Change[] {
  const size = a.length + b.length + 1;
  const forward = new Int32Array(size);
  const reverse = new Int32Array(size);
  const index = (diagonal: number): number => (diagonal < 0 ? size + diagonal : diagonal);
  const get = (reached: Int32Array, diagonal: number): number => reached[index(diagonal)] as number;

  const stepForward = ([x0, y0]: Point, [x1, y1]: Point, d: number): [Point, Point] | undefined => {
    const delta = x1 - x0 - (y1 - y0);
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && get(forward, k - 1) < get(forward, k + 1));
      const fromX = get(forward, isDown ? k + 1 : k - 1);
      let x = isDown ? fromX : fromX + 1;
      let y = y0 + (x - x0) - k;
      const fromY = d === 0 || fromX !== x ? y : y - 1;
      for (; x < x1 && y < y1 && a[x] === b[y]; x += 1) y += 1;
      forward[index(k)] = x;
      const l = k - delta;
      if (delta % 2 !== 0 && l > -d && l < d && x >= get(reverse, l))
        return [
          [fromX, fromY],
          [x, y],
        ];
    }
    return undefined;
  };
  const stepReverse = ([x0, y0]: Point, [x1, y1]: Point, d: number): [Point, Point] | undefined => {
    const delta = x1 - x0 - (y1 - y0);
    for (let l = d; l >= -d; l -= 2) {
      const isUp = l === d || (l !== -d && get(reverse, l - 1) > get(reverse, l + 1));
      const fromX = get(reverse, isUp ? l - 1 : l + 1);
      let x = isUp ? fromX : fromX - 1;
      const k = l + delta;
      let y = y0 + (x - x0) - k;
      const fromY = d === 0 || fromX !== x ? y : y + 1;
      for (; x > x0 && y > y0 && a[x - 1] === b[y - 1]; x -= 1) y -= 1;
      reverse[index(l)] = x;
      if (delta % 2 === 0 && k >= -d && k <= d && x <= get(forward, k))
        return [
          [x, y],
          [fromX, fromY],
        ];
    }
    return undefined;
  };
  const path = (from: Point, to: Point): Point[] => {
    forward[index(1)] = from[0];
    reverse[index(-1)] = to[0];
    const length = to[0] - from[0] + to[1] - from[1];
    for (let d = 0; length > 0 && d <= Math.ceil(length / 2); d += 1) {
      const middle = stepForward(from, to, d) ?? stepReverse(from, to, d);
      if (middle === undefined) continue;
      const [head, tail] = [path(from, middle[0]), path(middle[1], to)];
      return [...(head.length > 0 ? head : [middle[0]]), ...(tail.length > 0 ? tail : [middle[1]])];
    }
    return [];
  };
  return changesAlong(path([0, 0], [a.length, b.length]), a, b);
}

function changesAlong(points: readonly Point[], a: readonly string[], b: readonly string[]): Change[] {
  const changes: Change[] = [];
  let open: Point | undefined;
  const close = ([x, y]: Point): void => {
    if (open !== undefined) changes.push([open[0], x, open[1], y]);
    open = undefined;
  };
  const walk = ([x, y]: Point, [toX, toY]: Point): Point => {
    for (; x < toX && y < toY && a[x] === b[y]; x += 1) {
      close([x, y]);
      y += 1;
    }
    return [x, y];
  };
  for (let at = 1; at < points.length; at += 1) {
    const to = points[at] as Point;
    const [x, y] = walk(points[at - 1] as Point, to);
    const step = to[0] - x - (to[1] - y);
    if (step !== 0) open ??= [x, y];
    walk(step === -1 ? [x, y + 1] : step === 1 ? [x + 1, y] : [x, y], to);
  }
  const end = points.at(-1);
  if (end !== undefined) close(end);
  return changes;
}

/** A piece of text that stands before a character of the original. */
export interface Inserted {
  at: number;
  text: string;
}

/** Where a function can begin or end, or be told from another. */
const boundary = /[(){}]|=>|\bclass\b|\bfunction\b/;

/**
 * Whether V8 finds every function again when one set of insertions takes the place of another. Both are in the order of the text, and
 * no text in them has an end of a line.
 */
export function isSeenExactly(original: string, before: readonly Inserted[], after: readonly Inserted[]): boolean {
  const offsets = [...before, ...after].map(({ at }) => at);
  if (offsets.length === 0) return true;
  const from = original.lastIndexOf('\n', Math.min(...offsets) - 1) + 1;
  const lineEnd = original.indexOf('\n', Math.max(...offsets));
  const text = original.slice(from, lineEnd < 0 ? original.length : lineEnd + 1);
  const local = (all: readonly Inserted[]): Inserted[] => all.map((one) => ({ at: one.at - from, text: one.text }));
  const [old, now] = [local(before), local(after)];
  const changes = changesV8Sees(compose(text, old), compose(text, now));
  const [oldAt, newAt] = [places(text, old), places(text, now)];
  let next = 0;
  let shift = 0;
  let lost = '';
  for (let index = 0; index <= text.length; index += 1) {
    const place = oldAt[index] as number;
    for (; next < changes.length && (changes[next] as Change)[1] <= place; next += 1) {
      const [, to, , newTo] = changes[next] as Change;
      shift = newTo - to;
    }
    const isInside = next < changes.length && (changes[next] as Change)[0] <= place && (changes[next] as Change)[1] > place;
    if (!isInside && place + shift === newAt[index]) {
      if (lost !== '' && (boundary.test(lost) || /^[\w$]*\s*=>/.test(text.slice(index)))) return false;
      lost = '';
    } else lost += text[index] ?? '';
  }
  return !boundary.test(lost);
}

export function compose(original: string, inserted: readonly Inserted[]): string {
  let from = 0;
  const pieces = inserted.map(({ at, text }) => {
    const piece = original.slice(from, at) + text;
    from = at;
    return piece;
  });
  return pieces.join('') + original.slice(from);
}

/** Where each character of the original, and its end, stand with the insertions. */
function places(text: string, inserted: readonly Inserted[]): number[] {
  let next = 0;
  let shift = 0;
  return Array.from({ length: text.length + 1 }, (_, index) => {
    for (; next < inserted.length && (inserted[next] as Inserted).at <= index; next += 1)
      shift += (inserted[next] as Inserted).text.length;
    return index + shift;
  });
}
