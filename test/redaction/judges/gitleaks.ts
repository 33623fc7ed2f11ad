/**
 * An outside judge for secrets: the samples that gitleaks' authors check their rules by, read out of a checkout of
 * github.com/gitleaks/gitleaks (or its git directory); nothing of it is kept here. Prints recall on true positives and how many
 * false positives stay unchanged, for Sidelight and for redact-pii with its defaults.
 *
 *     npx tsx test/redaction/judges/gitleaks.ts <checkout or git directory> [--json] [--misses]
 */
import { execFileSync } from 'node:child_process';
import { SyncRedactor } from 'redact-pii';
import { defaultRedactionPolicy, type RedactionPolicy } from '../../../src/redaction/policy.ts';
import { Session } from '../../../src/redaction/session.ts';
import { scrubText } from '../../../src/redaction/walk.ts';
import { seed, toJavaScript } from './go-pattern.ts';
import { type GoRule, layoutsOf, rulesOf } from './go-samples.ts';

type Engine = (text: string) => string;

interface Row {
  what: string;
  all: number;
  ours: number;
  redactPii: number;
}

const rulesFolder = 'cmd/generate/config/rules/';
const layoutsFile = 'cmd/generate/config/utils/generate.go';

const oursUnder =
  (policy: RedactionPolicy): Engine =>
  (text) =>
    scrubText(new Session(policy, 'key'), text);
const ours = oursUnder(defaultRedactionPolicy);
const oursSecretsOnly = oursUnder({ ...defaultRedactionPolicy, profile: 'secrets-only' });
const redactor = new SyncRedactor();
const redactPii: Engine = (text) => redactor.redact(text);

/** Leaked when the secret, or at least half of it, is still there. */
function leaks(output: string, secret: string): boolean {
  const length = Math.max(Math.min(4, secret.length), Math.ceil(secret.length / 2));
  for (let at = 0; at + length <= secret.length; at++) if (output.includes(secret.slice(at, at + length))) return true;
  return false;
}

/** What the rule calls the secret in its sample: its first group that took part, as gitleaks reports it. */
function secretIn(sample: string, { regex }: GoRule): string {
  const match = regex === undefined ? null : (toJavaScript(regex)?.exec(sample) ?? null);
  return match?.slice(1).find((group) => group !== undefined && group !== '') ?? match?.[0] ?? sample;
}

function readRules(directory: string): { commit: string; rules: GoRule[] } {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const layouts = layoutsOf(git('show', `HEAD:${layoutsFile}`));
  const files = git('ls-tree', '--name-only', 'HEAD', rulesFolder).trim().split('\n');
  const rules = files.filter((file) => file.endsWith('.go')).flatMap((file) => rulesOf(git('show', `HEAD:${file}`), layouts));
  return { commit: git('rev-parse', 'HEAD').trim(), rules };
}

function judge(rules: GoRule[]): { rows: Row[]; perRule: Row[]; misses: string[] } {
  const rows = new Map<string, Row>();
  const perRule = new Map<string, Row>();
  const misses: string[] = [];
  const count = (table: Map<string, Row>, what: string, good: readonly [ours: boolean, redactPii: boolean]): void => {
    const row = table.get(what) ?? { what, all: 0, ours: 0, redactPii: 0 };
    table.set(what, row);
    row.all++;
    row.ours += Number(good[0]);
    row.redactPii += Number(good[1]);
  };
  for (const rule of rules) {
    for (const { text, random } of rule.truePositives) {
      const secret = secretIn(text, rule);
      const good = [!leaks(ours(text), secret), !leaks(redactPii(text), secret)] as const;
      count(rows, random ? 'true positives made from patterns: hidden' : 'literal true positives: hidden', good);
      count(perRule, `${rule.id}: hidden`, good);
      if (!good[0]) misses.push(`leaked ${rule.id}: ${JSON.stringify(text)} secret ${JSON.stringify(secret)}`);
    }
    for (const { text } of rule.falsePositives) {
      const after = ours(text);
      const their = redactPii(text) === text;
      count(rows, 'false positives: unchanged', [after === text, their]);
      count(rows, 'false positives: no secret seen (secrets-only)', [oursSecretsOnly(text) === text, their]);
      count(perRule, `${rule.id}: unchanged`, [after === text, their]);
      if (after !== text) misses.push(`changed ${rule.id}: ${JSON.stringify(text)} to ${JSON.stringify(after)}`);
    }
  }
  return { rows: [...rows.values()], perRule: [...perRule.values()], misses };
}

function print(rows: Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const cell = (part: number, all: number): string => `${part} (${((100 * part) / all).toFixed(1)} %)`.padStart(18);
  console.log(`${''.padEnd(width)}${'all'.padStart(8)}${'Sidelight'.padStart(18)}${'redact-pii'.padStart(18)}`);
  for (const row of rows)
    console.log(
      `${row.what.padEnd(width)}${String(row.all).padStart(8)}${cell(row.ours, row.all)}${cell(row.redactPii, row.all)}`,
    );
}

const [directory, ...flags] = process.argv.slice(2);
if (directory === undefined) {
  console.error('Usage: npx tsx test/redaction/judges/gitleaks.ts <checkout or git directory> [--json] [--misses]');
  process.exitCode = 2;
} else {
  const { commit, rules } = readRules(directory);
  const { rows, perRule, misses } = judge(rules);
  if (flags.includes('--json')) console.log(JSON.stringify({ set: 'gitleaks', commit, seed, rows }));
  else {
    print([...perRule, ...rows]);
    console.log(`gitleaks ${commit}, ${rules.length} rules, seed ${seed}`);
    if (flags.includes('--misses')) console.log(misses.join('\n'));
  }
}
