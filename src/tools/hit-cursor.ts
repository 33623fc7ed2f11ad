import { z } from 'zod';
import { ChangedItem, type Page } from '../hits/pages.ts';
import { Refusal } from '../lib/refusal.ts';
import { limits } from '../protocol/limits.ts';
import { readCursor, writeCursor } from './cursor.ts';

/** What get_hits shows. */
export const hitViews = ['summary', 'path', 'raw'] as const;
export type HitViewName = (typeof hitViews)[number];

const number = z.int().min(0).max(limits.maxHits);

/** Where a page ended. It grants nothing: every page is authorized again. */
const place = z.object({
  view: z.enum(hitViews),
  /** Hits between these two are shown, the first one left out. */
  after: number,
  until: number,
  /** Of a summary: the path that comes next; else the number of the hit. */
  at: z.int().min(0),
  /** Characters of its JSON that are done, and a fingerprint of what has to be the same still. */
  from: z.int().min(0),
  check: z.string().max(20).optional(),
});

export type HitCursor = z.output<typeof place>;

/** The cursor of a page as opaque text. */
export const writeHitCursor = (cursor: HitCursor): string => writeCursor(cursor);

/** Reads a cursor of the same view. */
export function readHitCursor(text: string, view: HitViewName): HitCursor {
  const cursor = readCursor(text, place);
  if (cursor.view === view) return cursor;
  throw new Refusal({
    code: 'invalid_input',
    message: `The cursor goes on with the view ${cursor.view}, not with ${view}.`,
    field: 'cursor',
    next: `Ask for the view ${cursor.view}, or leave the cursor out.`,
  });
}

/** Puts an item on a page; a page that goes on inside an item which is not the same any more is refused. */
export function putOn<Item>(page: Page<Item>, item: Item): void {
  try {
    page.add(item);
  } catch (error) {
    throw error instanceof ChangedItem ? changed() : error;
  }
}

/** What was shown up to the cursor would not be shown so any more. */
export function changed(): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: 'What the cursor goes on with has changed since: the redaction policy is another, or hits came or went.',
    field: 'cursor',
    next: 'Leave the cursor out to start again.',
  });
}
