import type { ActionRecord } from '../actions/action.ts';
import type { HitRecord, HitStore } from '../hits/hit.ts';
import type { LogLevel } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { parseTemplate } from '../protocol/template.ts';
import type { ClosedHit } from '../redaction/view.ts';

/** Hits read at first; how many more is worth reading at a time follows from their size. */
const firstPage = 4;

/**
 * Characters of hits read for one answer, as they are stored: one answer must not hold the bridge. That is 50 hits of usual size; of
 * hits as large as they may be it is eight.
 */
export const maxReadChars = 2_000_000;

/** Hits in order until there is enough, at least one if there is any; read in pages that do not load much more than that. */
export async function readHits(
  store: HitStore,
  action: ActionRecord,
  { after, until = limits.maxHits, maxChars }: { after: number; until?: number; maxChars: number },
): Promise<ClosedHit[]> {
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
