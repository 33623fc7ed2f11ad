import { compileNameRules, type NameRule, type NameRules } from '../protocol/names.ts';
import { withoutMarkers } from './marker.ts';
import { couldContain, gramsOf } from './name-filter.ts';

/** Answers kept; when full, they are forgotten at once. */
const maxKept = 4_096;
/** Longer names are judged each time. */
const maxNameChars = 64;

/** The questions about names, with what is needed to answer most of them at once: thousands of names go by in a capture. */
export class KnownNames {
  /** The rule of a name. */
  readonly rule: NameRule;
  /** The rule of a name for phrases of several words only. */
  readonly phraseRule: NameRule;
  /** What names that have a rule begin with and end in, as in name-filter.ts. */
  readonly grams: Uint32Array;
  readonly #byOuter = new Map<string, Map<string, string | undefined>>();
  #kept = 0;

  constructor(names: NameRules) {
    const phrases = Object.entries(names.hidden).map(([rule, list]) => [rule, list.filter((phrase) => /[^A-Za-z]/.test(phrase))]);
    this.grams = gramsOf(Object.values(names.hidden).flat());
    this.rule = filtered(names);
    this.phraseRule = filtered({ ...names, hidden: Object.fromEntries(phrases) });
  }

  /** The rule of a name inside another, as `number` in `card`, when only both together say it. */
  inner(outer: string, name: string): string | undefined {
    let names = this.#byOuter.get(outer);
    const known = names?.get(name);
    if (known !== undefined || names?.has(name)) return known;
    const rule =
      this.phraseRule(withoutMarkers(outer)) === undefined ? this.phraseRule(withoutMarkers(`${outer} ${name}`)) : undefined;
    if (outer.length > maxNameChars || name.length > maxNameChars) return rule;
    if (++this.#kept > maxKept) {
      this.#byOuter.clear();
      this.#kept = 1;
      names = undefined;
    }
    if (names === undefined) {
      names = new Map();
      this.#byOuter.set(outer, names);
    }
    names.set(name, rule);
    return rule;
  }
}

function filtered(names: NameRules): NameRule {
  const grams = gramsOf(Object.values(names.hidden).flat());
  const ruleOf = compileNameRules(names);
  return (name, isPiece) => (couldContain(grams, name) ? ruleOf(name, isPiece) : undefined);
}
