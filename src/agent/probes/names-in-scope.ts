import { limits } from '../../protocol/limits.ts';
import type { ScopesAt } from '../source/scopes.ts';
import { maxAnalysedChars, type Spot } from '../source/spot.ts';
import type { Failure, Watch } from './watch.ts';

/** Names a message lists. */
const maxListed = 20;
/** Names compared with one that is not there, and the length up to which they are: the program waits for it. */
const maxCompared = 500;
const maxComparedChars = 40;

/**
 * Why the condition or an expression can have no value at any of these places: it uses a name that is declared around none of them, so
 * it would fail at every pass. Names inside `with` are not known, nor are those of a script that is too large to read.
 */
export function unknownName(
  watch: Pick<Watch, 'where' | 'condition' | 'expressions'>,
  found: readonly Pick<Spot, 'scopes' | 'place'>[],
): Failure | undefined {
  const asked = [...(watch.condition?.names ?? []), ...watch.expressions.flatMap(({ names }) => names)];
  let first: Failure | undefined;
  for (const { scopes, place } of found) {
    if (scopes.isInWith || asked.length === 0) return undefined;
    if (scopes.isTooLarge) return { code: 'unsupported', message: tooLarge };
    const declared = new Set([...scopes.scopes.flatMap(({ names }) => names.map(({ name }) => name)), ...scopes.privates]);
    const missing = asked.find((name) => !declared.has(name));
    if (missing === undefined) return undefined;
    first ??= { code: 'bad-expression', message: explain(missing, place.line, watch.where.file, scopes) };
  }
  return first;
}

const tooLarge = `Variables cannot be found in a script of more than ${maxAnalysedChars} characters: leave out condition and expressions.`;

function explain(name: string, line: number, file: string, { scopes }: ScopesAt): string {
  const all = scopes.flatMap(({ names }) => names);
  // Inner scopes first; functions, classes and imports are rarely what is meant.
  const names = [...all.filter(({ isCode }) => !isCode), ...all.filter(({ isCode }) => isCode)].map((one) => one.name);
  const near = nearest(name, names);
  const hint = near === undefined ? '.' : `; did you mean \`${near}\`?`;
  const shown = names.slice(0, maxListed).join(', ') + (names.length > maxListed ? ', …' : '');
  const list = shown === '' ? 'No variable is in scope there.' : `In scope: ${shown}`;
  const place = `line ${line} of ${file.slice(-limits.maxNameChars)}`;
  return `\`${name.slice(0, limits.maxNameChars)}\` is not a variable in scope on ${place}${hint} ${list}`.slice(
    0,
    limits.maxMessageChars,
  );
}

/** The name that is fewest changes away, if a slip of the fingers can explain them. */
function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > maxComparedChars) return undefined;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names.slice(0, maxCompared)) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue;
    const changes = changesBetween(name.toLowerCase(), candidate.toLowerCase());
    if (changes < fewest) [best, fewest] = [candidate, changes];
  }
  return best;
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function changesBetween(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (above[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (above[column - 1] as number) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, above] = [above, current];
  }
  return above[right.length] as number;
}
