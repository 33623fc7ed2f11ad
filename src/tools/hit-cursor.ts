import { z } from 'zod';
import type { ActionRecord } from '../actions/action.ts';
import { ChangedItem, fingerprint, type Page } from '../hits/pages.ts';
import type { Path } from '../hits/path.ts';
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
  /** Names what it pages: the action, and the path of the view path. */
  of: z.string().max(20),
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

/** What a cursor pages: nothing of one action or path goes on in another. */
const subjectOf = ({ id }: ActionRecord, path: Path | undefined): string =>
  fingerprint(JSON.stringify([id, path === undefined ? null : 'fact' in path ? path.fact : path.node]));

/** The first page of a view. */
export function firstCursor(
  { view, action, path }: { view: HitViewName; action: ActionRecord; path?: Path | undefined },
  after: number,
  until: number,
): HitCursor {
  return { view, of: subjectOf(action, path), after, until, at: view === 'summary' ? 0 : after + 1, from: 0 };
}

/** Reads a cursor that goes on from `first`, which is the first page of what is asked for. */
export function readHitCursor(text: string, first: HitCursor, { hits }: ActionRecord): HitCursor {
  const cursor = readCursor(text, place);
  if (cursor.view !== first.view) {
    throw another(`with the view ${cursor.view}, not with ${first.view}`, `Ask for the view ${cursor.view}`);
  }
  if (cursor.of !== first.of) throw another('in another action, or at another path', 'Ask for the same as before');
  const last = Math.min(cursor.until, hits);
  const isInside = cursor.view === 'summary' ? cursor.after < last : cursor.at > cursor.after && cursor.at <= last;
  // One hit is a part of all hits, and so is what its cursor says.
  const isWanted = first.until === limits.maxHits || (cursor.after === first.after && cursor.until === first.until);
  if (!isInside || !isWanted) throw another('where no hit is that is asked for', 'Ask for the same as before');
  return cursor;
}

function another(where: string, instead: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `The cursor goes on ${where}.`,
    field: 'cursor',
    next: `${instead}, or leave the cursor out.`,
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
