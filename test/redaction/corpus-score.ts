import { SyncCompositeRedactor } from 'redact-pii/lib/SyncCompositeRedactor.js';
import type { CaptureData } from '../../src/protocol/frames.ts';
import { renderMessage } from '../../src/protocol/render-value.ts';
import { RawCapture } from '../../src/redaction/capture.ts';
import { withoutMarkers } from '../../src/redaction/marker.ts';
import { defaultRedactionPolicy, type RedactionPolicy } from '../../src/redaction/policy.ts';
import { redact } from '../../src/redaction/redact.ts';
import { scrub } from '../../src/redaction/scrub.ts';
import { viewOf } from './capture-data.ts';
import type { SensitiveCase } from './corpus-cases.ts';
import type { HarmlessCase } from './corpus-harmless.ts';

/** What is left of a capture: every name and text of it. */
type Engine = (capture: CaptureData, texts: string[] | undefined, profile: 'debug' | 'strict') => Promise<string[]>;

/** Every name, text and number of some JSON. */
function leaves(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  if (Array.isArray(value)) return value.flatMap(leaves);
  return Object.entries(value).flatMap(([name, field]) => [name, ...leaves(field)]);
}

/** What the program's part of a capture says; of a line, only the line. */
const told = (capture: CaptureData, texts: string[] | undefined): unknown =>
  texts === undefined
    ? [
        capture.scopes.map(({ variables }) => variables),
        capture.expressions.map((result) => ('value' in result ? result.value : '')),
        capture.at.text ?? '',
      ]
    : renderMessage(texts, capture.expressions);

const policies: Record<'debug' | 'strict', RedactionPolicy> = {
  debug: defaultRedactionPolicy,
  strict: { ...defaultRedactionPolicy, profile: 'strict' },
};

/** The whole way: scrubbed, stored, opened, redacted, shown. What is stored counts as seen, except for the parts of a line. */
export const sidelight: Engine = async (data, texts, profile) => {
  const policy = policies[profile];
  const capture = scrub(RawCapture.fromAgent(data), policy, { tagKey: 'key' });
  const hit = { actionId: 'act_1', number: 1, agentId: 'a', agentName: 'shop', capturedAt: 0, capture };
  const log = texts === undefined ? {} : { log: { level: 'info' as const, texts } };
  const { structured } = await redact({ structured: {}, view: viewOf([{ ...hit, ...log }]) }, policy, { tagKey: () => 'key' });
  const [shown] = structured.hits as Record<string, unknown>[];
  if (texts !== undefined) return leaves(shown?.message);
  const { capture: stored } = JSON.parse(capture.toStored()) as { capture: CaptureData };
  return leaves([
    shown?.variables,
    shown?.expressions,
    (shown?.at as { text?: string } | undefined)?.text ?? '',
    told(stored, undefined),
  ]);
};

const withDefaults = new SyncCompositeRedactor();

/** Every name, text and number by itself, with the defaults of redact-pii. */
export const redactPii: Engine = async (capture, texts) => leaves(told(capture, texts)).map((leaf) => withDefaults.redact(leaf));

/** Leaked when the secret, or at least half of it (and 4 characters), is still there. */
export function leaks(output: string, secret: string): boolean {
  const length = Math.max(Math.min(4, secret.length), Math.ceil(secret.length / 2));
  for (let at = 0; at + length <= secret.length; at++) if (output.includes(secret.slice(at, at + length))) return true;
  return false;
}

/** What came of some sensitive values of one kind. */
export interface Row {
  all: number;
  hidden: number;
  /** Hidden, and the marker names another rule. */
  otherRule: number;
  /** Hidden, and the harmless text around it is still there. */
  kept: number;
  /** A sentence about each that was not hidden. */
  missed: string[];
}

const emptyRow = (): Row => ({ all: 0, hidden: 0, otherRule: 0, kept: 0, missed: [] });

export interface Scores {
  byRule: Map<string, Row>;
  byPlace: Map<string, Row>;
  byGroup: Map<string, Row>;
  all: Row;
}

export async function scoreSensitive(engine: Engine, cases: readonly SensitiveCase[]): Promise<Scores> {
  const scores: Scores = { byRule: new Map(), byPlace: new Map(), byGroup: new Map(), all: emptyRow() };
  for (const each of cases) {
    const left = (await engine(each.capture, each.texts, each.profile)).join('\n');
    const hidden = !leaks(withoutMarkers(left), each.secret);
    const kept = hidden && each.kept.every((part) => left.includes(part));
    const otherRule = hidden && !left.includes(`[REDACTED:${each.rule}`);
    for (const [table, key] of [
      [scores.byRule, each.rule],
      [scores.byPlace, each.place],
      [scores.byGroup, each.group],
    ] as const)
      table.set(key, added(table.get(key) ?? emptyRow(), each, { hidden, kept, otherRule }, left));
    added(scores.all, each, { hidden, kept, otherRule }, left);
  }
  return scores;
}

function added(row: Row, each: SensitiveCase, came: { hidden: boolean; kept: boolean; otherRule: boolean }, left: string): Row {
  row.all++;
  row.hidden += Number(came.hidden);
  row.kept += Number(came.kept);
  row.otherRule += Number(came.otherRule);
  if (!came.hidden)
    row.missed.push(`${each.group}: ${each.rule} (${each.place}): ${JSON.stringify(each.secret)} in ${JSON.stringify(left)}`);
  return row;
}

export interface HarmlessRow {
  all: number;
  changed: number;
  /** A sentence about each that was changed. */
  damaged: string[];
}

/** How many harmless values of each kind came back changed. */
export async function scoreHarmless(engine: Engine, cases: readonly HarmlessCase[]): Promise<Map<string, HarmlessRow>> {
  const untouched: Engine = async (capture, texts) => leaves(told(capture, texts));
  const rows = new Map<string, HarmlessRow>();
  for (const { kind, capture } of cases) {
    const row = rows.get(kind) ?? { all: 0, changed: 0, damaged: [] };
    rows.set(kind, row);
    row.all++;
    const before = new Set(await untouched(capture, undefined, 'debug'));
    const after = new Set(await engine(capture, undefined, 'debug'));
    const lost = [...before].filter((leaf) => !after.has(leaf));
    if (lost.length === 0) continue;
    row.changed++;
    row.damaged.push(`${kind}: ${JSON.stringify(lost)} became ${JSON.stringify([...after].filter((leaf) => !before.has(leaf)))}`);
  }
  return rows;
}
