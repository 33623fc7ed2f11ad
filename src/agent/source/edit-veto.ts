import { read } from './extents.ts';

/** Why this script may not be edited. Takes about 0.2 ms per kB when there is a class in it. */
export function vetoOfScript(source: string): string | undefined {
  // V8 takes functions that start at the same place for one another: the initialisers of a class and its implied constructor.
  if (/\bclass\b/.test(source) && hasUnsafeClass(source)) return 'The script has classes with fields that V8 cannot edit safely.';
  if (/\beval\b|use asm/.test(source)) return 'The script uses eval or asm.js, which V8 cannot edit safely.';
  // V8 and we could disagree about what a line is.
  if (/\r(?!\n)|[\u2028\u2029]/.test(source)) return 'The script has unusual ends of lines.';
  return undefined;
}

/**
 * Whether a class has fields of its instances, and static ones or no constructor of its own as well; also where that is not certain.
 * Node 20 mixes up the former with the implied constructor, Node 22 with the latter.
 */
function hasUnsafeClass(source: string): boolean {
  const { scopes, isUnreadable } = read(source);
  if (isUnreadable) return true;
  return scopes.some((scope) => {
    if (scope.class === undefined) return false;
    const members = scopes.flatMap(({ code }) => (code !== undefined && code.home === scope.class ? [code] : []));
    let at = scope.from;
    let rest = '';
    for (const { from, to } of members) {
      rest += `${source.slice(at, from)};`;
      at = to;
    }
    rest += source.slice(at, scope.to);
    // Fields without a value are no members here.
    const bare = rest.slice(rest.indexOf('{') + 1).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const hasInstanceFields = /[^\s;]/.test(bare) || members.some(({ kind, isStatic }) => kind === 'field' && !isStatic);
    const hasStaticFields = /\bstatic\b/.test(bare) || members.some(({ kind, isStatic }) => kind !== 'method' && isStatic);
    const hasConstructor = members.some(
      ({ kind, from }) => kind === 'method' && /^constructor\b/.test(source.slice(from, from + 12)),
    );
    return hasInstanceFields && (hasStaticFields || !hasConstructor);
  });
}
