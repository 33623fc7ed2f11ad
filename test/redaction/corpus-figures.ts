import { readdirSync, readFileSync } from 'node:fs';
import type { HarmlessRow, Row, Scores } from './corpus-score.ts';

/** What one engine made of one part of the corpus. */
export interface PartScores {
  sensitive: Scores;
  harmless: Map<string, HarmlessRow>;
}

/** One part of the corpus with both engines' scores. */
export interface Part {
  name: string;
  about: string;
  ours: PartScores;
  redactPii: PartScores;
  /** Whether its classes are names of rules, so that "another rule" means something. */
  byRule: boolean;
}

/** What an outside judge said, as the scripts in judges/ print it with `--json`. */
export interface Verdict {
  set: string;
  commit: string;
  rows: { what: string; all: number; ours: number; strict?: number; redactPii: number }[];
}

/** Recorded verdicts, by set. */
export function readVerdicts(directory: string): Verdict[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')) as Verdict);
}

export const changedIn = (rows: Map<string, HarmlessRow>): { all: number; changed: number } => ({
  all: [...rows.values()].reduce((sum, row) => sum + row.all, 0),
  changed: [...rows.values()].reduce((sum, row) => sum + row.changed, 0),
});

const percent = (part: number, all: number): string => (all === 0 ? '–' : `${((100 * part) / all).toFixed(1)} %`);

/** Of all values that were touched: how many of them had to be, and nothing harmless went with them. */
export const precisionOf = ({ sensitive, harmless }: PartScores): number => {
  const { hidden, kept } = sensitive.all;
  const { changed } = changedIn(harmless);
  return hidden + changed === 0 ? 1 : kept / (hidden + changed);
};

const table = (head: string[], rows: string[][]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map((_, at) => (at === 0 ? '---' : '--:')).join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
  '',
];

function summary(parts: readonly Part[]): string[] {
  return table(
    [
      'part',
      'sensitive',
      'Sidelight hides',
      'redact-pii hides',
      'harmless',
      'Sidelight changes',
      'redact-pii changes',
      'precision',
      'of redact-pii',
    ],
    parts.map(({ name, ours, redactPii }) => {
      const harmless = changedIn(ours.harmless);
      const theirs = changedIn(redactPii.harmless);
      const { all } = ours.sensitive;
      return [
        name,
        String(all.all),
        percent(all.hidden, all.all),
        percent(redactPii.sensitive.all.hidden, all.all),
        String(harmless.all),
        percent(harmless.changed, harmless.all),
        percent(theirs.changed, theirs.all),
        percent(precisionOf(ours), 1),
        percent(precisionOf(redactPii), 1),
      ];
    }),
  );
}

const groupNames = {
  secrets: 'secrets',
  proved: 'known by form (checksums, grammar)',
  named: 'known by name, in a structure',
  guessed: 'guessed: prose, cut or split values',
} as const;

function groups(parts: readonly Part[]): string[] {
  return table(
    ['kind of value', ...parts.map(({ name }) => `${name}: hidden`)],
    Object.entries(groupNames).map(([group, name]) => [
      name,
      ...parts.map(({ ours }) => {
        const row = ours.sensitive.byGroup.get(group);
        return row === undefined ? '–' : `${row.hidden} of ${row.all}`;
      }),
    ]),
  );
}

const of = (count: number, { all }: Row): string => (count === all ? String(all) : `**${count}**`);

function classes({ name, about, ours, redactPii, byRule }: Part): string[] {
  const rows = [...ours.sensitive.byRule].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `## ${name}`,
    '',
    about,
    '',
    ...table(
      ['rule', 'values', 'hidden', ...(byRule ? ['by another rule'] : []), 'text around it kept', 'redact-pii: hidden', 'kept'],
      rows.map(([rule, row]) => {
        const theirs = redactPii.sensitive.byRule.get(rule) as Row;
        const other = byRule ? [String(row.otherRule)] : [];
        return [
          `\`${rule}\``,
          String(row.all),
          of(row.hidden, row),
          ...other,
          of(row.kept, row),
          String(theirs.hidden),
          String(theirs.kept),
        ];
      }),
    ),
    ...table(
      ['harmless', 'values', 'changed', 'redact-pii: changed'],
      [...ours.harmless].map(([kind, row]) => [
        kind,
        String(row.all),
        String(row.changed),
        String(redactPii.harmless.get(kind)?.changed),
      ]),
    ),
  ];
}

function positions({ name, ours, redactPii }: Part): string[] {
  return [
    `## Places in the ${name} part`,
    '',
    ...table(
      ['place', 'values', 'hidden', 'redact-pii: hidden'],
      [...ours.sensitive.byPlace].map(([place, row]) => [
        place,
        String(row.all),
        of(row.hidden, row),
        String(redactPii.sensitive.byPlace.get(place)?.hidden),
      ]),
    ),
  ];
}

/** Where the other one is ahead, one list entry for each part and set. */
function better(parts: readonly Part[], verdicts: readonly Verdict[]): string[] {
  const inParts = parts.flatMap(({ name, ours, redactPii }) => [
    ...[...redactPii.sensitive.byRule].flatMap(([rule, row]) =>
      row.hidden > (ours.sensitive.byRule.get(rule)?.hidden ?? 0) ? [`* ${name}: \`${rule}\`, hidden`] : [],
    ),
    ...[...redactPii.harmless].flatMap(([kind, row]) =>
      row.changed < (ours.harmless.get(kind)?.changed ?? 0) ? [`* ${name}: ${kind}, unchanged`] : [],
    ),
  ]);
  const inVerdicts = verdicts.flatMap(({ set, rows }) => {
    const ahead = rows.filter((row) => row.redactPii > row.ours);
    return ahead.length === 0
      ? []
      : [`* ${set}, ${ahead.length} of ${rows.length} rows: ${ahead.map(({ what }) => what).join('; ')}`];
  });
  const found = [...inParts, ...inVerdicts];
  return [
    '## Where redact-pii is better',
    '',
    'It replaces every run of digits, which hides numbers that nothing else tells apart from order numbers, and those, too.',
    '',
    ...(found.length === 0 ? ['In no row.'] : found),
    '',
  ];
}

/** Rows that stand for a set as a whole: what should be hidden, and what should stay. */
const wholes = [
  ['literal true positives: hidden', 'false positives: unchanged'],
  ['unit cases, all: hidden', 'unit cases, all: unchanged'],
  ['sentences, all: hidden', 'sentences, all: unchanged'],
] as const;

/** Balanced accuracy of each engine over a set as a whole. */
function balanced({ rows }: Verdict): string[] {
  return wholes.flatMap(([hidden, unchanged]) => {
    const [first, second] = [hidden, unchanged].map((what) => rows.find((row) => row.what === what));
    if (first === undefined || second === undefined) return [];
    const mean = (engine: 'ours' | 'redactPii'): string => percent(first[engine] / first.all + second[engine] / second.all, 2);
    return [`* ${hidden} and ${unchanged}: Sidelight ${mean('ours')}, redact-pii ${mean('redactPii')}`];
  });
}

function judged(verdict: Verdict): string[] {
  const { set, commit, rows } = verdict;
  const isStrict = rows.some(({ strict }) => strict !== undefined);
  const cell = (count: number | undefined, all: number): string =>
    count === undefined ? '–' : `${count} (${percent(count, all)})`;
  return [
    `## Outside judge: ${set}`,
    '',
    `Recorded at ${commit}; nothing of the set is in this repository. Its misses were read while the detectors were made, so it is no held-out set. As a whole, by balanced accuracy (the mean of the two shares):`,
    '',
    ...balanced(verdict),
    '',
    ...table(
      ['what', 'all', 'Sidelight', ...(isStrict ? ['under `strict`'] : []), 'redact-pii'],
      rows.map(({ what, all, ours, strict, redactPii }) => [
        what,
        String(all),
        cell(ours, all),
        ...(isStrict ? [cell(strict, all)] : []),
        cell(redactPii, all),
      ]),
    ),
  ];
}

/** The page docs/redaction-figures.md. */
export function figuresPage(parts: readonly Part[], verdicts: readonly Verdict[], seed: number): string {
  return [
    '<!-- Printed from test/redaction by `npx vitest run test/redaction/corpus.test.ts -u`; do not edit. -->',
    '',
    '# Figures of redaction',
    '',
    'How much of what is sensitive is [hidden](redaction.md), and how much of what is harmless comes back as it was, measured with labelled values and compared',
    'with plain [redact-pii](https://github.com/solvvy/redact-pii) 3.4.0 (its defaults, each text by itself) in the same run.',
    `The values are generated from seed ${seed} and written by hand. The test that prints this page fails when it is stale.`,
    '',
    'A value counts as **not hidden** when half of it (at least 4 characters) is left, in what is stored or in what is shown. A harmless value counts as **changed** when one',
    'character of it differs. **Precision** is the share, of all that was touched, that had to be and whose harmless surroundings are all still there. Numbers in bold differ from the number of values.',
    '',
    ...summary(parts),
    ...groups(parts),
    ...better(parts, verdicts),
    ...verdicts.flatMap(judged),
    ...parts.flatMap(classes),
    ...parts.filter(({ ours }) => ours.sensitive.byPlace.size > 1).flatMap(positions),
  ].join('\n');
}
