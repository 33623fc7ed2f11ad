import type { Library } from './library.ts';
import type { ScriptToRead, Stop } from './reader.ts';
import type { FunctionAround, GeneratedPlace, Spot } from './spot.ts';

/**
 * Where V8 stops first in a function, and each time it returns; stops of functions inside it are not its own. Undefined where there is
 * none of either, or where one of its ends cannot be told from that of a function inside.
 */
export function spanOf(script: ScriptToRead, { body }: FunctionAround, library: Library): Spot['span'] {
  const text = library.textOf(script);
  if (text === undefined) return undefined;
  const analysis = library.analysisOf(script);
  const [stops = []] = library.stops(script, [[text.placeOf(body.from), text.placeOf(body.to + 1)]]);
  let entry: GeneratedPlace | undefined;
  let isReturning = false;
  const returns: GeneratedPlace[] = [];
  for (const stop of stops) {
    const at = text.offsetOf(stop);
    if (at > body.to) continue;
    const own = analysis.functionAt(at)?.body;
    if (own?.from !== body.from) {
      // `return () => 1` without a semicolon: V8 has one place for both ends.
      if (isReturning && stop.isReturn && own?.isExpression === true && own.to === at && endsLine(text.text, at))
        return undefined;
      continue;
    }
    isReturning = text.text.startsWith('return', at);
    if (stop.isReturn) returns.push(placeOf(stop));
    else entry ??= placeOf(stop);
  }
  return entry === undefined || returns.length === 0 ? undefined : { entry, returns };
}

function endsLine(text: string, at: number): boolean {
  return /^[^\S\n]*(?:$|[\n}]|\/[/*])/.test(text.slice(at, at + 1_000));
}

function placeOf({ isReturn: _, ...place }: Stop): GeneratedPlace {
  return place;
}
