import type { RefusalDetails } from '../lib/refusal.ts';
import { cleanLabel } from '../redaction/clean.ts';
import { fence } from '../redaction/fence.ts';
import type { Outcome, Redacted } from '../redaction/redact.ts';

/** What a face presents: text for people and for models that read nothing else, `structured` for machines; both complete. */
export interface Answer {
  isError: boolean;
  text: string;
  structured: Record<string, unknown>;
  refusal?: RefusalDetails;
}

/** An answer; everything in it that came from a program is fenced in the text. */
export function present(
  { structured, counts }: Redacted,
  next: Outcome['next'],
  ignored: string[],
  requestId: string,
  latencyMs: Record<string, number>,
): Answer {
  const hidden = Object.keys(counts).length > 0 ? { redacted: counts } : {};
  const unknown = ignored.length > 0 ? { ignoredArguments: ignored } : {};
  const whole = { requestId, ...structured, ...hidden, ...unknown, ...(next === undefined ? {} : { next }), latencyMs };
  const slips = ignored.length > 0 ? [`Note: these arguments are not known here and had no effect: ${ignored.join(', ')}.`] : [];
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

/** Our own words before the data, for answers about an action; a note is one line, whatever it quotes. */
function headline({ status, hitCount, maxHits, result, verdict, notes }: Record<string, unknown>): string[] {
  if (typeof hitCount !== 'number' || typeof maxHits !== 'number') return [];
  const got = isObject(result) ? `${Number(result.count)} counted` : `${hitCount} of ${maxHits} hits`;
  const why = isObject(verdict) ? [`Why: ${cleanLabel(`${verdict.verdict} ${verdict.next}`, maxNoteChars)}`] : [];
  const lines = Array.isArray(notes) ? notes.map((note) => `Note: ${cleanLabel(String(note), maxNoteChars)}`) : [];
  return [`Status ${String(status)}: ${got}.`, ...why, ...lines];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
