import { lowerCase } from '../../protocol/kept.ts';
import { push } from './lists.ts';

// It also runs at a pass: nothing that the program could have changed is called, and nothing is iterated.

/** Names compared, and the length up to which they are: the program waits for it. */
const maxCompared = 500;
const maxComparedChars = 40;

const Bytes = Uint8Array;
/** Length of the three rows of the table of changes: no name in question is longer than one and a third of the asked one. */
const width = 2 * maxComparedChars;
const first = new Bytes(width);
const second = new Bytes(width);
const third = new Bytes(width);

/** The names that are fewest changes away, the nearest first, as far as a slip of the fingers can explain them. */
export function nearestOf(name: string, names: readonly string[], most: number): string[] {
  const nearest: string[] = [];
  if (name.length === 0 || name.length > maxComparedChars) return nearest;
  const farthest = name.length < 6 ? 1 : (name.length / 3) | 0;
  const count = names.length < maxCompared ? names.length : maxCompared;
  const changes = new Bytes(count);
  const asked = lowerCase(name);
  for (let index = 0; index < count; index += 1) {
    const candidate = names[index] as string;
    const longer = candidate.length - name.length;
    const isNear = candidate !== name && longer <= farthest && -longer <= farthest;
    changes[index] = isNear ? changesBetween(asked, lowerCase(candidate)) : width;
  }
  for (let distance = 0; distance <= farthest; distance += 1) {
    for (let index = 0; index < count && nearest.length < most; index += 1)
      if (changes[index] === distance) push(nearest, names[index] as string);
  }
  return nearest;
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function changesBetween(left: string, right: string): number {
  // Lower case can be longer.
  if (right.length >= width) return width;
  let before = first;
  let above = second;
  let current = third;
  for (let column = 0; column <= right.length; column += 1) above[column] = column;
  for (let row = 1; row <= left.length; row += 1) {
    current[0] = row;
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      let fewest = (above[column - 1] as number) + (isSame ? 0 : 1);
      fewest = lesser(fewest, (above[column] as number) + 1);
      fewest = lesser(fewest, (current[column - 1] as number) + 1);
      current[column] = isSwapped ? lesser(fewest, (before[column - 2] as number) + 1) : fewest;
    }
    const oldest = before;
    before = above;
    above = current;
    current = oldest;
  }
  return above[right.length] as number;
}

const lesser = (one: number, other: number): number => (one < other ? one : other);
