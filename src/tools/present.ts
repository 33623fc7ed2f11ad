import type { RefusalDetails } from '../lib/refusal.ts';
import { cleanSentence } from '../redaction/clean.ts';
import { fence } from '../redaction/fence.ts';
import type { Redacted } from '../redaction/redact.ts';
import { quoted } from '../redaction/words.ts';
import type { TracePlace } from '../telemetry/trace-context.ts';

/** What a face presents: text for people and for models that read nothing else, `structured` for machines; both complete. */
export interface Answer {
  isError: boolean;
  text: string;
  structured: Record<string, unknown>;
  refusal?: RefusalDetails;
  /** The span of the call, where it is in a trace. */
  trace?: TracePlace;
}

/** An answer; everything in it that came from a program is fenced in the text. */
export function present(
  { structured, counts, next }: Redacted,
  ignored: string[],
  requestId: string,
  latencyMs: Record<string, number>,
): Answer {
  const hidden = Object.keys(counts).length > 0 ? { redacted: counts } : {};
  const unknown = ignored.length > 0 ? { ignoredArguments: ignored } : {};
  const whole = { requestId, ...structured, ...hidden, ...unknown, ...(next === undefined ? {} : { next }), latencyMs };
  const slips =
    ignored.length > 0 ? [`Note: these arguments are not known here and had no effect: ${ignored.map(quoted).join(', ')}.`] : [];
  return {
    isError: false,
    text: [...headline(structured), ...slips, fence(JSON.stringify(whole))].join('\n'),
    structured: whole,
  };
}

/** A refusal as an answer: the code first, then what is wrong and what to do. What agents said of it is data, and fenced. */
export function presentRefusal(refusal: RefusalDetails, requestId: string, latencyMs: Record<string, number>): Answer {
  const { code, message, field, next, data } = refusal;
  const sentences = [
    `${code}: ${message}`,
    ...(field === undefined ? [] : [`Field: ${field}.`]),
    ...(next === undefined ? [] : [next]),
  ];
  const facts = data === undefined ? [] : [fence(JSON.stringify(data))];
  return {
    isError: true,
    text: [sentences.join(' '), ...facts, `Request ${requestId}.`].join('\n'),
    structured: {
      requestId,
      error: {
        code,
        message,
        ...(field === undefined ? {} : { field }),
        ...(next === undefined ? {} : { next }),
        ...(data === undefined ? {} : { data }),
      },
      latencyMs,
    },
    refusal,
  };
}

/** Longest note before the data. */
const maxNoteChars = 400;

/** Our own words before the data, for answers about actions and hits; a note is one line, whatever it quotes. */
function headline({
  status,
  hitCount,
  maxHits,
  result,
  verdict,
  notes,
  summary,
  groups,
  paths,
}: Record<string, unknown>): string[] {
  const lines = Array.isArray(notes) ? notes.map((note) => `Note: ${cleanSentence(String(note), maxNoteChars)}`) : [];
  if (isObject(groups) && Array.isArray(paths)) return [comparedLine(groups, paths), ...lines];
  if (typeof hitCount !== 'number' || typeof maxHits !== 'number') return [];
  const got = isObject(result) ? `${Number(result.count)} counted` : `${hitCount} of ${maxHits} hits`;
  const why = isObject(verdict) ? [`Why: ${cleanSentence(`${verdict.verdict} ${verdict.next}`, maxNoteChars)}`] : [];
  const told = isObject(summary) ? [summaryLine(summary)] : [];
  return [`Status ${String(status)}: ${got}.`, ...told, ...why, ...lines];
}

/** What is known of many hits, in numbers: names of paths are the program's. */
function summaryLine({ hits, varying, constant }: Record<string, unknown>): string {
  return `Summary of ${Number(hits)} hits: ${Number(varying)} paths vary, ${Number(constant)} are the same in all of them.`;
}

function comparedLine({ a, b }: Record<string, unknown>, paths: unknown[]): string {
  const fully = paths.filter((path) => isObject(path) && path.separates === 'fully').length;
  return `Compared ${Number(a)} hits (a) with ${Number(b)} (b): ${paths.length} paths tell them apart, ${fully} of them fully.`;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
