import type { Spot } from '../source/spot.ts';
import { unknownName } from './names-in-scope.ts';
import type { Places } from './placing.ts';
import type { Failure, Watch } from './watch.ts';

/** Why an action can give nothing at these places, told before anything is placed; undefined when it can. */
export function whyNot(watch: Watch, { spots, ends }: Places): Failure | undefined {
  if ([...spots, ...ends].some(({ scopes }) => scopes.isInWith)) {
    const message = 'The line is inside `with`, where reading a name can run code.';
    return { code: 'unsupported', message, problem: { part: 'line' } };
  }
  return unknownName(watch, spots) ?? otherFunction(spots, ends);
}

/** Why a span can never end: its second line stands in another function than its first, wherever the file is loaded. */
function otherFunction(starts: readonly Spot[], ends: readonly Spot[]): Failure | undefined {
  const isReached = (end: Spot): boolean =>
    starts.some(({ script, function: around }) => script.id === end.script.id && around?.body.from === end.function?.body.from);
  const [start] = starts;
  const [end] = ends;
  if (start === undefined || end === undefined || ends.some(isReached)) return undefined;
  const message = `Line ${start.place.line} is in ${nameOf(start)}, line ${end.place.line} in ${nameOf(end)}: a span begins and ends in one function.`;
  return { code: 'unsupported', message, problem: { part: 'to' } };
}

function nameOf({ function: around }: Spot): string {
  if (around === undefined) return 'no function';
  return around.name === '' ? 'a function without a name' : `\`${around.name.slice(0, 100)}\``;
}
