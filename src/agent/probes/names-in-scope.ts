import type { Problem } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { ScopesAt } from '../source/scopes.ts';
import { maxAnalysedChars, type Spot } from '../source/spot.ts';
import { nearestOf } from '../values/nearest.ts';
import type { Failure, Watch } from './watch.ts';

/** Names a message lists. */
const maxListed = 20;

/**
 * Why the condition or an expression can have no value at any of these places: it uses a name that is declared around none of them, so
 * it would fail at every pass. Names inside `with` are not known, nor are those of a script that is too large to read.
 */
export function unknownName(
  watch: Pick<Watch, 'where' | 'condition' | 'expressions'>,
  found: readonly Pick<Spot, 'scopes' | 'place'>[],
): Failure | undefined {
  const asked = namesOf(watch);
  let first: Failure | undefined;
  for (const { scopes, place } of found) {
    if (scopes.isInWith || asked.length === 0) return undefined;
    if (scopes.isTooLarge)
      return { code: 'unsupported', message: tooLarge, problem: { part: asked[0]?.part, index: asked[0]?.index } };
    const declared = new Set([...scopes.scopes.flatMap(({ names }) => names.map(({ name }) => name)), ...scopes.privates]);
    const missing = asked.find(({ name }) => !declared.has(name));
    if (missing === undefined) return undefined;
    first ??= explain(missing, place.line, watch.where.file, scopes);
  }
  return first;
}

const tooLarge = `Variables cannot be found in a script of more than ${maxAnalysedChars} characters: leave out condition and expressions.`;

/** A name that is used, and where. */
type Used = Required<Pick<Problem, 'name'>> & Pick<Problem, 'part' | 'index'>;

function namesOf({ condition, expressions }: Pick<Watch, 'condition' | 'expressions'>): Used[] {
  return [
    ...(condition?.names ?? []).map((name): Used => ({ name, part: 'condition' })),
    ...expressions.flatMap(({ names }, index) => names.map((name): Used => ({ name, part: 'expression', index }))),
  ];
}

function explain({ name, ...where }: Used, line: number, file: string, { scopes }: ScopesAt): Failure {
  const all = scopes.flatMap(({ names }) => names);
  // Inner scopes first; functions, classes and imports are rarely what is meant.
  const names = [...all.filter(({ isCode }) => !isCode), ...all.filter(({ isCode }) => isCode)].map((one) => one.name);
  const nearest = nearestOf(name, names, limits.maxNearest);
  const hint = nearest[0] === undefined ? '.' : `; did you mean \`${nearest[0]}\`?`;
  const shown = names.slice(0, maxListed).join(', ') + (names.length > maxListed ? ', …' : '');
  const list = shown === '' ? 'No variable is in scope there.' : `In scope: ${shown}`;
  const place = `line ${line} of ${file.slice(-limits.maxNameChars)}`;
  const asked = name.slice(0, limits.maxNameChars);
  return {
    code: 'bad-expression',
    message: `\`${asked}\` is not a variable in scope on ${place}${hint} ${list}`.slice(0, limits.maxMessageChars),
    problem: { ...where, name: asked, nearest, names: names.slice(0, limits.maxNamesTold) },
  };
}
