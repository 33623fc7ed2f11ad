import { limits } from '../../protocol/limits.ts';
import { KeptMap } from '../intrinsics.ts';
import type { ScopesAt } from '../source/scopes.ts';
import { thisName } from './names.ts';

export type { NamesAtPass } from './names.ts';

/** Reads one name where the breakpoint stands. */
export type Thunk = () => unknown;

/** Names by their position in the lists of thunks that a breakpoint's condition hands over. */
export interface Condition {
  /** JavaScript made by us, of names the script itself declares and nothing else. */
  text: string;
  /** Handed over at each pass: what conditions and measured expressions need. */
  always: Map<string, number>;
  /** Handed over when a hit is captured. */
  onHit: Map<string, number>;
  /** Names that are in their dead zone as long as they are undefined. */
  early: Map<string, true>;
}

/** Names that the condition and the expressions of an action use. */
export interface Asking {
  kind?: string;
  condition: { names: readonly string[] } | undefined;
  expressions: readonly { names: readonly string[] }[];
}

/** `#name` stands for `this.#name`. */
const identifier = /^#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
/** Words that are not names everywhere; a condition with one of them as a name would not compile, and so never hold. */
const reserved = new Set(
  (
    'arguments async await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof undefined using var void while with yield'
  ).split(' '),
);

/** Whether a name may be looked up by a condition. */
function isName(name: string): boolean {
  return identifier.test(name) && !reserved.has(name);
}

/** The condition of a breakpoint: it hands the values over, and is always false, so that V8 never pauses. */
export function conditionFor(hookName: string, site: number, scopes: ScopesAt, watches: readonly Asking[]): Condition {
  const privates = scopes.privates;
  const declared = new Set([...scopes.scopes.flatMap((scope) => scope.names.map(({ name }) => name)), ...privates]);
  const asked = (texts: readonly { names: readonly string[] }[]) =>
    texts.flatMap(({ names }) => names).filter((name) => declared.has(name));
  const atEachPass = watches.flatMap(({ kind, condition, expressions }) => [
    ...(condition === undefined ? [] : [condition]),
    ...(kind === 'metric' ? expressions : []),
  ]);
  const inConditions = asked(atEachPass);
  const inExpressions = asked(watches.flatMap(({ expressions }) => expressions));
  const listed = scopes.scopes
    .slice(0, limits.maxScopes)
    .flatMap((scope) => scope.names.filter((name) => isListed(scope.kind, name.isCode)).slice(0, limits.maxVariables))
    .map(({ name }) => name);
  const early = new KeptMap([...scopes.early].map((name) => [name, true as const]));
  const always = thunksOf(atEachPass.length > 0 ? [...inConditions, thisName] : []);
  const shown = watches.some(({ kind }) => kind === undefined || kind === 'snapshot' || kind === 'duration')
    ? [...privates.slice(0, limits.maxFields), ...listed]
    : [];
  const onHit = thunksOf([thisName, ...inConditions, ...inExpressions, ...shown]);
  return {
    text: `${hookName}(${site},${always.text},()=>${onHit.text})`,
    always: always.positions,
    onHit: onHit.positions,
    early,
  };
}

/** Functions, classes and imports of outer scopes are read only when an expression asks: they would flood the answer. */
export function isListed(kind: ScopesAt['scopes'][number]['kind'], isCode: boolean): boolean {
  return !isCode || (kind !== 'module' && kind !== 'closure');
}

function thunksOf(names: readonly string[]): { text: string; positions: Map<string, number> } {
  const unique = [...new Set(names)].filter((name) => name === thisName || isName(name));
  return {
    text: `[${unique.map((name) => `()=>${name[0] === '#' ? 'this.' : ''}${name}`).join(',')}]`,
    positions: new KeptMap(unique.map((name, index) => [name, index])),
  };
}
