/**
 * An outside judge for personal data: the unit cases of Presidio's recognisers and the synthetic sentences of presidio-research,
 * read out of their git directories (github.com/microsoft/presidio, github.com/microsoft/presidio-research); nothing of them is
 * kept here. Prints, for profiles debug and strict and for redact-pii with its defaults, how many labelled values are hidden
 * (less than half of each is left) and how many texts without any stay unchanged.
 *
 * The set as a whole is judged by balanced accuracy: the mean of the share of labelled personal values that are hidden and the
 * share of texts without any that stay unchanged.
 *
 *     npx tsx test/redaction/judges/presidio.ts <presidio git directory> <presidio-research git directory> [--json] [--misses]
 */
import { execFileSync } from 'node:child_process';
import { SyncRedactor } from 'redact-pii';
import { defaultRedactionPolicy, type RedactionPolicy } from '../../../src/redaction/policy.ts';
import { Session } from '../../../src/redaction/session.ts';
import { scrubText } from '../../../src/redaction/walk.ts';
import { type Case, casesOf } from './python-cases.ts';

const engines = ['ours', 'strict', 'redactPii'] as const;
type Row = { what: string; all: number } & Record<(typeof engines)[number], number>;

interface Labelled {
  class: string;
  text: string;
  /** What must not be left in the text. */
  values: { class: string; value: string }[];
}

const testsFolder = 'presidio-analyzer/tests/';
const sentencesFile = 'data/synth_dataset_v2.json';
/** Labels of the sentences that are no data of one person, or that debugging needs: places, companies, peoples, titles, ages, dates, sites. */
const notPersonal = new Set(['ORGANIZATION', 'GPE', 'NRP', 'TITLE', 'AGE', 'DATE_TIME', 'DOMAIN_NAME']);
/** Tests of models and of the frame around recognisers, not of a form of text; dates and URLs alone are nobody's data. */
const otherTests =
  /_(?:spacy|stanza|transformers|gliner|huggingface_ner|ahds|langextract|lm|medical_ner|entity|pattern|azure_ai_language|url|date)_recognizer/;

const under =
  (policy: RedactionPolicy) =>
  (text: string): string =>
    scrubText(new Session(policy, 'key'), text);
const redactor = new SyncRedactor();
const run: Record<(typeof engines)[number], (text: string) => string> = {
  ours: under(defaultRedactionPolicy),
  strict: under({ ...defaultRedactionPolicy, profile: 'strict' }),
  redactPii: (text) => redactor.redact(text),
};

/** Leaked when the value, or at least half of it, is still there. */
function leaks(output: string, value: string): boolean {
  const length = Math.max(Math.min(4, value.length), Math.ceil(value.length / 2));
  for (let at = 0; at + length <= value.length; at++) if (output.includes(value.slice(at, at + length))) return true;
  return false;
}

const git = (directory: string, ...args: string[]): string =>
  execFileSync('git', ['--git-dir', directory, ...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

function unitCases(directory: string): Labelled[] {
  const files = git(directory, 'ls-tree', '--name-only', 'HEAD', testsFolder).trim().split('\n');
  return files
    .filter((file) => file.endsWith('_recognizer.py') && !otherTests.test(file))
    .flatMap((file) => {
      const kind = file.slice(testsFolder.length + 'test_'.length, -'_recognizer.py'.length);
      return casesOf(git(directory, 'show', `HEAD:${file}`)).map(({ text, spans }: Case) => ({
        class: kind,
        text,
        values: spans.map(({ start, end }) => ({ class: kind, value: text.slice(start, end) })),
      }));
    });
}

interface Sentence {
  full_text: string;
  spans: { entity_type: string; entity_value: string }[];
}

function sentences(directory: string): Labelled[] {
  const read = JSON.parse(git(directory, 'show', `HEAD:${sentencesFile}`)) as Sentence[];
  return read.map(({ full_text: text, spans }) => ({
    class: 'sentences without personal data',
    text,
    values: spans
      .filter(({ entity_type }) => !notPersonal.has(entity_type))
      .map(({ entity_type, entity_value }) => ({ class: entity_type, value: entity_value })),
  }));
}

function judge(set: string, labelled: Labelled[]): { rows: Row[]; misses: string[] } {
  const hidden = new Map<string, Row>();
  const kept = new Map<string, Row>();
  const misses: string[] = [];
  const count = (table: Map<string, Row>, what: string, good: (engine: (typeof engines)[number]) => boolean): void => {
    for (const name of [what, 'all']) {
      const row = table.get(name) ?? { what: name, all: 0, ours: 0, strict: 0, redactPii: 0 };
      table.set(name, row);
      row.all++;
      for (const engine of engines) row[engine] += Number(good(engine));
    }
  };
  for (const { class: kind, text, values } of labelled) {
    const output = Object.fromEntries(engines.map((engine) => [engine, run[engine](text)])) as Record<keyof typeof run, string>;
    for (const { class: label, value } of values) {
      count(hidden, label, (engine) => !leaks(output[engine], value));
      if (leaks(output.ours, value)) misses.push(`${set} leaked ${label}: ${JSON.stringify(value)} in ${JSON.stringify(text)}`);
    }
    if (values.length > 0) continue;
    count(kept, kind, (engine) => output[engine] === text);
    if (output.ours !== text) misses.push(`${set} changed ${kind}: ${JSON.stringify(text)} to ${JSON.stringify(output.ours)}`);
  }
  const rows = [...label(hidden, set, 'hidden'), ...label(kept, set, 'unchanged')];
  return { rows: [...rows, whole(set, hidden.get('all') as Row, kept.get('all') as Row)], misses };
}

const label = (table: Map<string, Row>, set: string, suffix: string): Row[] =>
  [...table.values()]
    .sort((a, b) => Number(a.what === 'all') - Number(b.what === 'all') || a.what.localeCompare(b.what))
    .map((row) => ({ ...row, what: `${set}, ${row.what}: ${suffix}` }));

/** Balanced accuracy in percent, so `all` is 100. */
function whole(set: string, hidden: Row, kept: Row): Row {
  const of = (engine: (typeof engines)[number]): number =>
    Math.round(500 * (hidden[engine] / hidden.all + kept[engine] / kept.all)) / 10;
  return { what: `${set}: balanced accuracy`, all: 100, ours: of('ours'), strict: of('strict'), redactPii: of('redactPii') };
}

function print(rows: Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const line = (what: string, cells: string[]): string => what.padEnd(width) + cells.map((cell) => cell.padStart(17)).join('');
  console.log(line('', ['all', 'debug', 'strict', 'redact-pii']));
  for (const row of rows)
    console.log(
      line(row.what, [
        String(row.all),
        ...engines.map((engine) => `${row[engine]} (${((100 * row[engine]) / row.all).toFixed(1)} %)`),
      ]),
    );
}

const [presidio, research, ...flags] = process.argv.slice(2);
if (presidio === undefined || research === undefined) {
  console.error('Usage: npx tsx test/redaction/judges/presidio.ts <presidio git directory> <presidio-research git directory>');
  process.exitCode = 2;
} else {
  const judged = [judge('unit cases', unitCases(presidio)), judge('sentences', sentences(research))];
  const rows = judged.flatMap((set) => set.rows);
  const commit = [presidio, research].map((directory) => git(directory, 'rev-parse', 'HEAD').trim()).join(' ');
  if (flags.includes('--json')) console.log(JSON.stringify({ set: 'presidio', commit, rows }));
  else {
    print(rows);
    console.log(`presidio and presidio-research ${commit}`);
    if (flags.includes('--misses')) console.log(judged.flatMap((set) => set.misses).join('\n'));
  }
}
