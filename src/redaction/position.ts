import type { Session } from './session.ts';

/** Where a value stands. */
export interface Position {
  /** The name that leads to it: a field, a variable, a key; array elements have their array's. */
  name?: string;
  /** The name as it was, where a pattern of the policy's own hid some of it: it may give the value away, too. */
  was?: string;
  /** The names that lead to its container, as they are shown and as they were. */
  outer?: readonly string[];
  depth: number;
  /** How many texts of JSON it is inside of. */
  level: number;
  /** It stands among pairs of a name and a value, as entries of a Map do. */
  inEntries?: boolean;
}

/** A name to judge by. */
export type Named = Pick<Position, 'was'> & { name: string };

/** The name of a value, as it was and as it is shown. A pattern of the policy's own can hide in a name what gives its value away; then both count. */
export const named = (session: Session, original: string, shown: string): Named =>
  session.hasOwnPatterns && original !== shown ? { name: shown, was: original } : { name: shown };

/** The rule of the name that leads to a value, alone or in its container's. */
export function ruleOf(session: Session, { name, was, outer }: Position): string | undefined {
  if (name === undefined) return undefined;
  return nameRuleIn(session, name, outer) ?? (was === undefined ? undefined : nameRuleIn(session, was, outer));
}

function nameRuleIn(session: Session, name: string, outer: readonly string[] = []): string | undefined {
  const own = session.nameRule(name);
  if (own !== undefined) return own;
  for (const each of outer) {
    const rule = session.innerRule(each, name);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

/** The names of a container, for what is in it. */
export const namesOf = ({ name, was }: Position): readonly string[] | undefined =>
  name === undefined ? undefined : was === undefined ? [name] : [name, was];
