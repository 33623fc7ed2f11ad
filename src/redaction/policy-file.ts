import { z } from 'zod';
import { type Mistake, only, parseStrictYaml, refuseMistakes, type StrictYaml } from '../lib/strict-yaml.ts';
import { parsePath } from './allow-list.ts';
import { reasons } from './known-rules.ts';
import { compilePattern, type OwnPattern } from './patterns.ts';
import { profiles, type RedactionPolicies, type RedactionPolicy } from './policy.ts';
import { rules } from './rules.ts';
import { policiesOf, type Say } from './sources.ts';

/** Ceilings of the file: names are compared on the agent's hot path and sent to every agent, patterns are tried on every text. */
const maxRules = 50;
const maxPhrases = 100;
const maxPhraseChars = 64;
const maxExpressions = 20;
const maxExpressionChars = 500;
const maxExamples = 50;
const maxExampleChars = 2_000;
const maxEntries = 100;
const maxListed = 500;
const maxGlobChars = 200;
/** Of one source with all that fit it: agents take 200 rules with ours, 1,000 phrases of each, and frames of 256 KiB. */
const maxRulesTogether = 150;
const maxPhrasesTogether = 500;
const maxNameChars = 100_000;
/** Instructions of all compiled expressions of the file: what one text costs at the worst. */
const maxInstructions = 10_000;
/** What an expression that is refused counts as: after twenty of them, those before are enough to mend. */
const refusedInstructions = 500;

const personalRules = Object.keys(rules).filter((name) => rules[name]?.kind === 'personal') as [string, ...string[]];
const ruleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected a rule name of lower-case letters, digits and dashes')
  .refine((name) => !(name in Object.prototype), 'no name that every object has; choose another');
const phrase = z
  .string()
  .max(maxPhraseChars)
  .regex(/[A-Za-z]{2}/, 'expected words of a name, for example "loyalty number"')
  .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'has a character that cannot be seen');
const classes = z.array(z.enum(personalRules)).default([]);
const example = z.string().min(1).max(maxExampleChars);

const patternParts = {
  match: z.array(z.string().min(1).max(maxExpressionChars)).min(1).max(maxExpressions),
  examples: only({
    hide: z.array(example).max(maxExamples).default([]),
    keep: z.array(example).max(maxExamples).default([]),
  }).default({ hide: [], keep: [] }),
};
const pattern = z.strictObject(patternParts, {
  error: ({ code }) =>
    code === 'unrecognized_keys'
      ? `unknown key; expected ${Object.keys(patternParts).join(', ')}`
      : 'expected match below it, with a list of expressions',
});

const said = {
  profile: z.enum(profiles).optional(),
  tags: z.boolean().optional(),
  names: z.record(ruleName, z.array(phrase).min(1).max(maxPhrases)).default({}),
  show: classes,
  hide: classes,
  patterns: z.record(ruleName, pattern).default({}),
  allow_list: only({
    names: z.array(phrase).max(maxListed).default([]),
    paths: z.array(z.string().min(1).max(maxGlobChars)).max(maxListed).default([]),
  }).optional(),
};
const pathForm = 'expected names with dots between, from a variable on, for example order.items[].sku; * is any one name';
const glob = z.string().min(1).max(maxGlobChars);
const schema = only({
  ...said,
  sources: z
    .array(only({ pool: glob.optional(), service: glob.optional(), ...said }))
    .max(maxEntries)
    .default([]),
});

type File = z.output<typeof schema>;
type Part = Omit<File, 'sources'>;

/** Reads policies/redaction.yaml. Throws a Refusal that names file, line and column of every mistake. */
export function parseRedactionPolicy(yamlText: string, file: string): RedactionPolicies {
  const yaml = parseStrictYaml(yamlText, file, schema);
  const { sources, ...everywhere } = yaml.value;
  const compile = compiler();
  const mistakes = check(yaml, everywhere, [], compile);
  for (const [at, entry] of sources.entries()) {
    mistakes.push(...check(yaml, entry, ['sources', at], compile));
    if (entry.pool === undefined && entry.service === undefined) {
      mistakes.push(
        yaml.mistake(['sources', at], 'expected pool, service or both; what holds for every source stands at the top'),
      );
    }
  }
  const policies = policiesOf(
    sayOf(everywhere),
    sources.map(({ pool = '*', service = '*', ...entry }) => ({ ...sayOf(entry), pool, service })),
  );
  for (const problem of [tooManyNames(policies.base), tooManyPatterns(policies.base, compile)]) {
    if (problem !== undefined) mistakes.push(yaml.mistake([], problem));
  }
  if (mistakes.length > 0) throw refuseMistakes(mistakes);
  return policies;
}

type Told = (path: readonly PropertyKey[], message: string) => void;

/** An expression made ready, what is wrong with it, or undefined when those before it are too many already. */
type Compile = (expression: string) => ReturnType<typeof compilePattern> | undefined;

/** Compiles the expressions of one file, each once and all together no more than may be: a page of short ones takes seconds. */
function compiler(): Compile {
  const made = new Map<string, ReturnType<typeof compilePattern>>();
  let left = maxInstructions;
  return (expression) => {
    const known = made.get(expression);
    if (known !== undefined || left < 0) return known;
    const pattern = compilePattern(expression);
    made.set(expression, pattern);
    left -= 'size' in pattern ? pattern.size : refusedInstructions;
    return pattern;
  };
}

function check(yaml: StrictYaml<File>, part: Part, path: readonly PropertyKey[], compile: Compile): Mistake[] {
  const mistakes: Mistake[] = [];
  const tell: Told = (inner, message) => {
    const whole = [...path, ...inner];
    const name = whole.map((each) => (typeof each === 'number' ? `[${each}]` : `.${String(each)}`)).join('');
    mistakes.push(yaml.mistake(whole, `${name.slice(1)}: ${message}`));
  };
  for (const each of ['names', 'patterns'] as const) {
    if (Object.keys(part[each]).length > maxRules) tell([each], `more than ${maxRules} rules`);
  }
  for (const [index, rule] of part.hide.entries()) {
    if (part.show.includes(rule)) tell(['hide', index], `${rule} stands under show, too; keep one of them`);
  }
  for (const [rule, pattern] of Object.entries(part.patterns)) {
    checkPattern(rule, pattern, (inner, message) => tell(['patterns', rule, ...inner], message), compile);
  }
  for (const [index, text] of (part.allow_list?.paths ?? []).entries()) {
    if (parsePath(text) === undefined) tell(['allow_list', 'paths', index], pathForm);
  }
  return mistakes;
}

function checkPattern(rule: string, { match, examples }: z.output<typeof pattern>, tell: Told, compile: Compile): void {
  if (reasons.has(rule)) tell([], 'this rule is ours; choose another name');
  const made = match.map(compile);
  for (const [index, each] of made.entries()) if (each !== undefined && 'problem' in each) tell(['match', index], each.problem);
  const patterns = made.filter(isPattern);
  if (patterns.length < made.length) return;
  const hides = (text: string): boolean => patterns.some((each) => each.find(text).length > 0);
  for (const [index, text] of examples.hide.entries()) {
    if (!hides(text)) tell(['examples', 'hide', index], 'nothing in it matches; mend the example or the expression');
  }
  for (const [index, text] of examples.keep.entries()) {
    if (hides(text)) tell(['examples', 'keep', index], 'something in it matches; mend the example or the expression');
  }
}

function tooManyNames({ names }: RedactionPolicy): string | undefined {
  const lists = Object.values(names);
  const chars = JSON.stringify(names).length;
  const isTooMuch =
    lists.length > maxRulesTogether || lists.some((list) => list.length > maxPhrasesTogether) || chars > maxNameChars;
  if (!isTooMuch) return undefined;
  return `names of the file and all sources are too many for agents: at most ${maxRulesTogether} rules, ${maxPhrasesTogether} phrases of one and ${maxNameChars} characters`;
}

const isPattern = (made: ReturnType<Compile>): made is OwnPattern => made !== undefined && 'size' in made;

function tooManyPatterns({ patterns }: RedactionPolicy, compile: Compile): string | undefined {
  const made = Object.values(patterns).flatMap((list) => list.map(compile));
  const total = made.filter(isPattern).reduce((sum, { size }) => sum + size, 0);
  if (total <= maxInstructions && !made.includes(undefined)) return undefined;
  return `the patterns compile to more than ${maxInstructions} instructions in all, or many cannot be compiled; use fewer or smaller ones`;
}

function sayOf({ profile, tags, names, show, hide, patterns, allow_list: allowList }: Part): Say {
  return {
    ...{ names, show, hide },
    ...(profile === undefined ? {} : { profile }),
    ...(tags === undefined ? {} : { tags }),
    patterns: Object.fromEntries(Object.entries(patterns).map(([rule, { match }]) => [rule, match])),
    ...(allowList === undefined ? {} : { allowList }),
  };
}
