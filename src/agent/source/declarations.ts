import { expressionEnd } from './extents.ts';
import type { Scope } from './scopes.ts';
import type { Tokens } from './tokens.ts';

/** Tokens after `=` in which a call of `require` makes the name an import. */
const requireWithin = 6;

/** Names bound by the patterns between two tokens: parameters, or what is destructured. */
export function patternNames(tokens: Tokens, from: number, to: number): string[] {
  const { texts, kinds, match } = tokens;
  const names: string[] = [];
  for (let at = from; at < to; at += 1) {
    const text = texts[at] as string;
    const close = match[at] as number;
    if (text === '{' || (text === '[' && texts[close + 1] !== ':')) {
      if (close < 0) return names;
      names.push(...patternNames(tokens, at + 1, close));
      at = close;
    } else if (text === '[') {
      // A computed key.
      at = close;
    } else if (text === '=') {
      at = expressionEnd(tokens, at + 1);
    } else if (kinds[at] === 'word' && texts[at + 1] !== ':') {
      names.push(text);
    }
  }
  return names;
}

/** Adds what a declaration that starts at `index` declares, if one does. */
export function declareNames(tokens: Tokens, index: number, scope: Scope): void {
  const { texts, kinds } = tokens;
  const keyword = texts[index];
  const next = texts[index + 1];
  if (keyword === 'import') importNames(tokens, index, scope);
  if (keyword !== 'let' && keyword !== 'const' && keyword !== 'var' && keyword !== 'using') return;
  if (kinds[index + 1] !== 'word' && next !== '{' && next !== '[') return;
  if (next === 'in' || next === 'of' || next === 'instanceof') return;
  const home = keyword === 'var' ? functionOf(scope) : scope;
  let at = index + 1;
  for (;;) {
    const end = patternEnd(tokens, at);
    const stop =
      texts[end + 1] === '=' || texts[end + 1] === 'of' || texts[end + 1] === 'in' ? expressionEnd(tokens, end + 2) : end;
    const isCode =
      texts[end + 1] === '=' && texts.slice(end + 2, Math.min(stop + 1, end + 2 + requireWithin)).includes('require');
    for (const name of patternNames(tokens, at, end + 1))
      home.names.set(name, { name, isCode, readyAfter: keyword === 'var' ? -1 : stop });
    if (texts[stop + 1] !== ',') return;
    at = stop + 2;
  }
}

function patternEnd({ match }: Tokens, index: number): number {
  return Math.max(index, match[index] ?? -1);
}

function functionOf(scope: Scope): Scope {
  let found = scope;
  while (found.kind !== 'function' && found.outer !== undefined) found = found.outer;
  return found;
}

/** `import a, { b as c } from …` and `import * as d from …`; not `import(…)` and `import.meta`. */
function importNames({ texts, kinds }: Tokens, index: number, scope: Scope): void {
  for (let at = index + 1; kinds[at] === 'word' || /^[{},*]$/.test(texts[at] ?? ''); at += 1) {
    const text = texts[at] as string;
    if (text === 'from') return;
    if (kinds[at] !== 'word' || text === 'as' || texts[at + 1] === 'as') continue;
    scope.names.set(text, { name: text, isCode: true, readyAfter: -1 });
  }
}
