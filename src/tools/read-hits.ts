import type { ActionRecord } from '../actions/action.ts';
import type { HitRecord, HitStore } from '../hits/hit.ts';
import type { LogLevel } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { parseTemplate } from '../protocol/template.ts';
import type { ClosedHit } from '../redaction/view.ts';
import type { CallContext } from './tool.ts';

/** Hits read at first; how many more is worth reading at a time follows from their size. */
const firstPage = 4;

/**
 * Characters of hits read for one answer, as they are stored: one answer must not hold the bridge. That is 50 hits of usual size; of
 * hits as large as they may be it is eight.
 */
export const maxReadChars = 2_000_000;

/** Hits of so many characters are no large answer, which has to wait for its turn; tens of them fit beside each other. */
export const smallChars = 64_000;

/**
 * Calls with large answers at a time, of one caller and of all: each has some tens of megabytes in hand, and two keep the thread at work. As
 * many wait as a caller may have calls running.
 */
export const largeAnswers = { each: 1, all: 2, waiting: Number.POSITIVE_INFINITY };

interface Wanted {
  after: number;
  until?: number;
  maxChars: number;
}

/**
 * Hits in order until there is enough, at least one if there is any. What becomes of them takes ten times their size, and as much longer:
 * where there are many, the call waits with none in hand until not too many others have as many.
 */
export async function readHits(
  { services, large }: Pick<CallContext, 'large'> & { services: Pick<CallContext['services'], 'hits'> },
  action: ActionRecord,
  wanted: Wanted,
): Promise<ClosedHit[]> {
  const few = await readUpTo(smallChars, services.hits, action, wanted);
  if (few !== undefined) return few;
  await large();
  return (await readUpTo(Number.POSITIVE_INFINITY, services.hits, action, wanted)) ?? [];
}

/** Reads them in pages that do not load much more than is wanted; undefined when they have more than `most` characters. */
async function readUpTo(
  most: number,
  store: HitStore,
  action: ActionRecord,
  { after, until = limits.maxHits, maxChars }: Wanted,
): Promise<ClosedHit[] | undefined> {
  const hits: HitRecord[] = [];
  let chars = 0;
  let limit = firstPage;
  for (;;) {
    const last = hits.at(-1)?.number ?? after;
    const wanted = Math.min(limit, until - last);
    if (wanted <= 0) break;
    const page = await store.page(action.org, action.id, last, wanted);
    for (const hit of page) {
      chars += hit.capture.shownChars();
      if (hits.length > 0 && chars > maxChars) return closed(hits, action);
      hits.push(hit);
    }
    if (chars > most) return undefined;
    if (page.length < wanted) break;
    limit = Math.min(limits.maxHits, Math.max(1, Math.ceil((maxChars - chars) / (chars / hits.length))));
  }
  return closed(hits, action);
}

/** What is needed to write a logpoint's lines: the caller's own template, because an agent's words are data. */
function closed(hits: HitRecord[], { log }: ActionRecord): ClosedHit[] {
  if (log === undefined) return hits;
  const parsed = parseTemplate(log.template);
  const line: { level: LogLevel; texts: string[] } = { level: log.level, texts: parsed.ok ? parsed.texts : [] };
  return hits.map((hit) => ({ ...hit, log: line }));
}
