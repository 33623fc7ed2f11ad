import { RE2JS, RE2JSSyntaxException } from 're2js';
import type { Detector, Finding } from './detectors/detector.ts';
import { CountedText, PatternWork, spent } from './pattern-work.ts';
import type { RedactionPolicy } from './policy.ts';

/** A regular expression of the policy's own, in an engine that takes time in proportion to the text, whatever either of them is. */
export interface OwnPattern {
  /** Instructions of its program: what one character costs at the worst. */
  size: number;
  /**
   * What is hidden of the text: the first group of each match where it took part, else all of it. What nothing of `work` is left for is
   * hidden unseen: `a.*z|a` reads to the end for each `a`.
   */
  find(text: string, work?: PatternWork): Stretch[];
}

interface Stretch {
  start: number;
  end: number;
}

/** What an expression may keep of what it learnt; without a bound 200 of them would fill the memory. */
const maxStateBytes = 64 * 1024;
/** Instructions of one expression: `[a-z]{500}` has some 500. */
const maxSize = 1_000;
/** An expression that finds nothing somewhere in these would mark nothing everywhere. */
const probes = ['', 'a', 'a b', '0', '-', '\n'];

/** The expression made ready, or what is wrong with it, as a sentence for whoever wrote it. */
export function compilePattern(expression: string): OwnPattern | { problem: string } {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(expression);
  } catch (error) {
    return { problem: problemOf(error, expression) };
  }
  const size = compiled.programSize();
  if (size > maxSize) return { problem: `compiles to ${size} instructions; at most ${maxSize}: use smaller repeat counts` };
  if (probes.some((probe) => matchesNothing(compiled, probe))) {
    return { problem: 'matches the empty text; make it need a character, as with + for *' };
  }
  return { size, find: (text, work = new PatternWork(text.length)) => findAll(compiled, text, work) };
}

function matchesNothing(compiled: RE2JS, text: string): boolean {
  const matcher = compiled.matcher(text);
  while (matcher.find()) if (matcher.start() === matcher.end()) return true;
  return false;
}

function problemOf(error: unknown, expression: string): string {
  if (!(error instanceof RE2JSSyntaxException)) return 'cannot be compiled; make it smaller';
  const part = error.getPattern() ?? '';
  const at = expression.indexOf(part);
  const place = part === '' || at !== expression.lastIndexOf(part) ? '' : ` at character ${at + 1}`;
  const quoted = part === '' ? '' : ` ${JSON.stringify(part)}`;
  return `${error.getDescription()}${quoted}${place}; the syntax is RE2's, which has no look-around and no back-references`;
}

function findAll(compiled: RE2JS, text: string, work: PatternWork): Stretch[] {
  const found: Stretch[] = [];
  let seen = 0;
  try {
    if (!isIn(compiled, text, work)) return found;
    const counted = new CountedText(text, work, compiled.programSize(), 'find');
    const matcher = compiled.matcher(counted as unknown as string);
    const hasGroup = compiled.groupCount() > 0;
    for (;;) {
      counted.begin();
      if (!matcher.find()) return found;
      const isGroup = hasGroup && matcher.start(1) >= 0;
      const [start, end] = isGroup ? [matcher.start(1), matcher.end(1)] : [matcher.start(), matcher.end()];
      if (end > start) found.push({ start, end });
      seen = matcher.end();
    }
  } catch (problem) {
    if (problem !== spent) throw problem;
    return [...found, { start: seen, end: text.length }];
  }
}

/** Whether there is a match; by states made of instructions, which is ten times as fast as looking for where it is. */
function isIn(compiled: RE2JS, text: string, work: PatternWork): boolean {
  const { dfa } = compiled.re2();
  if (dfa.stateBudget > maxStateBytes) {
    dfa.stateBudget = maxStateBytes;
    dfa.memBudget = maxStateBytes;
  }
  const counted = new CountedText(text, work, compiled.programSize(), 'test');
  counted.begin();
  return compiled.test(counted as unknown as string);
}

/**
 * The policy's own patterns as one detector; undefined when it has none. Labels are not searched for them, as for personal data: ids of
 * actions and agents stand there, which a wide expression would break.
 */
export function ownPatterns(policy: RedactionPolicy): Detector | undefined {
  const compiled = Object.entries(policy.patterns).flatMap(([rule, expressions]) =>
    expressions.map((expression) => ({ rule, pattern: compileKnown(expression) })),
  );
  if (compiled.length === 0) return undefined;
  return {
    name: 'own-patterns',
    kind: 'personal',
    couldHold: () => true,
    find(text) {
      const work = budgets.get(policy) ?? new PatternWork(text.length);
      const found: Finding[] = [];
      const unsearched = new Set<string>();
      for (const { rule, pattern } of compiled) {
        if (work.isSpent) unsearched.add(rule);
        else for (const { start, end } of pattern.find(text, work)) found.push({ start, end, rule });
      }
      for (const rule of unsearched) found.push({ start: 0, end: text.length, rule });
      return found;
    },
  };
}

/** Of policies that all texts have one budget under. */
const budgets = new WeakMap<RedactionPolicy, PatternWork>();

/**
 * Gives all texts that are searched under this policy the budget that one text of so many characters has, not one each. For a policy that
 * somebody tries: its patterns are anybody's, and a list of short texts would cost more than a long one.
 */
export function limitTogether(policy: RedactionPolicy, chars: number): void {
  budgets.set(policy, new PatternWork(chars));
}

/** Of a policy that was checked when it was read. */
function compileKnown(expression: string): OwnPattern {
  const pattern = compilePattern(expression);
  if ('problem' in pattern) throw new Error(`A pattern of the policy cannot be used: ${pattern.problem}`);
  return pattern;
}
