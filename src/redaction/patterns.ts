import { RE2JS, RE2JSSyntaxException } from 're2js';
import type { Detector, Finding } from './detectors/detector.ts';
import type { RedactionPolicy } from './policy.ts';

/** A regular expression of the policy's own, in an engine that takes time in proportion to the text, whatever either of them is. */
export interface OwnPattern {
  /** Instructions of its program: what one character costs at the worst. */
  size: number;
  /** What is hidden of the text: the first group of each match where it took part, else all of it. */
  find(text: string): { start: number; end: number }[];
}

/**
 * Characters that an expression without an upper bound (`+`, `*`, `{2,}`) may read in one text: `a.*z|a` reads to the end for each `a`.
 * What lies behind is hidden unseen.
 */
const maxRead = 4_000_000;
/** The same for one with an upper bound: it reads at most as many characters as it has instructions for each match, with all of them. */
const maxBoundedWork = 5_000_000;
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
  return { size, find: (text) => (compiled.test(text) ? findAll(compiled, text, isBounded(expression) ? size : undefined) : []) };
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

/** Whether the expression says how long its matches may be; of a class in brackets and of escapes nothing is read. */
function isBounded(expression: string): boolean {
  return !/[*+]|\{\d+,\}|\\Q/.test(expression.replace(/\\[^Q]|\[\^?\]?(?:\\.|[^\]\\])*\]/g, '_'));
}

/** `boundedSize`: instructions of an expression with an upper bound. */
function findAll(compiled: RE2JS, text: string, boundedSize: number | undefined): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  const matcher = compiled.matcher(text);
  let left = boundedSize === undefined ? maxRead : maxBoundedWork;
  const hasGroup = compiled.groupCount() > 0;
  while (matcher.find()) {
    const rest = text.length - matcher.start();
    left -= boundedSize === undefined ? rest : Math.min(rest, boundedSize) * boundedSize;
    if (left < 0) return [...found, { start: matcher.start(), end: text.length }];
    const isGroup = hasGroup && matcher.start(1) >= 0;
    const [start, end] = isGroup ? [matcher.start(1), matcher.end(1)] : [matcher.start(), matcher.end()];
    if (end > start) found.push({ start, end });
  }
  return found;
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
    find: (text) =>
      compiled.flatMap(({ rule, pattern }) => pattern.find(text).map(({ start, end }): Finding => ({ start, end, rule }))),
  };
}

/** Of a policy that was checked when it was read. */
function compileKnown(expression: string): OwnPattern {
  const pattern = compilePattern(expression);
  if ('problem' in pattern) throw new Error(`A pattern of the policy cannot be used: ${pattern.problem}`);
  return pattern;
}
