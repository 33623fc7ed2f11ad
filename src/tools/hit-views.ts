import type { ActionRecord } from '../actions/action.ts';
import { bytesOf, fingerprint, Page, type PageStart } from '../hits/pages.ts';
import { Finder, type Path } from '../hits/path.ts';
import { summarise } from '../hits/summarise.ts';
import { Table } from '../hits/table.ts';
import type { ClosedHit, NextCall, Shown, View } from '../redaction/view.ts';
import { changed, type HitCursor, type HitViewName, putOn, writeHitCursor } from './hit-cursor.ts';

/** What a view of hits is made of. */
export interface Showing {
  action: ActionRecord;
  hits: readonly ClosedHit[];
  /** Where the page begins, and the last hit that is wanted. */
  cursor: HitCursor;
  maxBytes: number;
}

/** Hits whole, as many as fit; one that is larger than a page in parts. */
export function rawView({ action, hits, cursor, maxBytes }: Showing): View {
  const page = new Page<unknown>(maxBytes, startOf(cursor));
  return {
    hits,
    add: ({ hit, line }) => putOn(page, line ?? hit),
    done: () => ({
      structured: {
        ...(action.log === undefined ? { hits: page.items } : { messages: page.items }),
        ...partOf(page),
        ...cursorOf(action, page, cursor),
      },
      ...onward(action, page, cursor),
    }),
  };
}

/** What each hit has at one path. */
export function pathView({ action, hits, cursor, maxBytes }: Showing, path: Path): View {
  const finder = new Finder();
  const page = new Page<unknown>(maxBytes, startOf(cursor));
  return {
    hits,
    add({ hit }) {
      const found = finder.at(path, hit);
      const said = found.is === 'found' ? { value: found.value } : { missing: found.is, why: found.why };
      putOn(page, { hit: hit.number, ...said });
    },
    done: () => ({
      structured: { values: page.items, ...partOf(page), ...cursorOf(action, page, cursor) },
      ...onward(action, page, cursor),
    }),
  };
}

/** What the hits have in common and where they differ, path by path. */
export function summaryView({ action, hits, cursor, maxBytes }: Showing): View {
  const table = new Table();
  return {
    hits,
    add: (viewed) => table.add(viewed),
    done() {
      const { summary, paths } = summarise(table);
      const check = fingerprint(JSON.stringify(paths));
      const isContinued = cursor.at > 0 || cursor.from > 0;
      if (isContinued && cursor.check !== check) throw changed();
      const page = pageOfPaths(paths, { at: cursor.at, from: cursor.from }, maxBytes - bytesOf(summary));
      const until = hits.at(-1)?.number ?? cursor.after;
      const isRest = page.next.at < paths.length;
      const following: HitCursor | undefined = isRest
        ? { ...cursor, until, at: page.next.at, from: page.next.from, check }
        : until < lastOf(action, cursor)
          ? { ...cursor, after: until, at: 0, from: 0 }
          : undefined;
      const notes = [
        ...(isRest ? [`${paths.length - page.next.at} of ${paths.length} paths are on the next pages: see nextCursor.`] : []),
        ...(until < lastOf(action, cursor)
          ? [
              `This is the summary of hits ${cursor.after + 1} to ${until}: the others are summarised by themselves, after nextCursor.`,
            ]
          : []),
        ...(table.isCut ? [cutNote] : []),
      ];
      return {
        structured: {
          summary: { ...summary, paths: page.items },
          ...partOf(page),
          ...(following === undefined ? {} : { nextCursor: writeHitCursor(following) }),
        },
        notes,
        ...(following === undefined ? stillPlaced(action, cursor) : { next: goOn(action, following) }),
      };
    },
  };
}

/** Said where a table is not everything. */
export const cutNote = 'Some paths are not looked at, because there are too many or they are too long: the view raw has them.';

/** One page of paths. */
export function pageOfPaths<Item>(paths: readonly Item[], start: PageStart, maxBytes: number): Page<Item> {
  // A part is told to continue something; the caller has checked already that all paths are the same.
  const item = paths[start.at];
  const check = item === undefined ? {} : { check: fingerprint(JSON.stringify(item)) };
  const page = new Page<Item>(Math.max(minPageBytes, maxBytes), { ...start, ...check });
  for (const path of paths.slice(start.at)) page.add(path);
  return page;
}

/** However much stands beside it, a page gets on. */
const minPageBytes = 400;

const startOf = ({ at, from, check }: HitCursor): PageStart => ({ at, from, ...(check === undefined ? {} : { check }) });

/** The first page of a view. */
export function firstCursor(view: HitViewName, after: number, until: number): HitCursor {
  return { view, after, until, at: view === 'summary' ? 0 : after + 1, from: 0 };
}

const lastOf = (action: ActionRecord, { until }: HitCursor): number => Math.min(until, action.hits);

function partOf<Item>({ part }: Page<Item>): { part?: Page<Item>['part'] } {
  return part === undefined ? {} : { part };
}

function followingOf<Item>(action: ActionRecord, { next }: Page<Item>, cursor: HitCursor): HitCursor | undefined {
  if (next.at > lastOf(action, cursor)) return undefined;
  return { view: cursor.view, after: cursor.after, until: cursor.until, ...next };
}

function cursorOf<Item>(action: ActionRecord, page: Page<Item>, cursor: HitCursor): { nextCursor?: string } {
  const following = followingOf(action, page, cursor);
  return following === undefined ? {} : { nextCursor: writeHitCursor(following) };
}

/** What is not on the page, and how to get on. */
function onward<Item>(action: ActionRecord, page: Page<Item>, cursor: HitCursor): Pick<Shown, 'notes' | 'next'> {
  const following = followingOf(action, page, cursor);
  if (following === undefined) return stillPlaced(action, cursor);
  const { next } = page;
  const left = lastOf(action, cursor) - next.at + 1;
  return {
    notes: [
      next.from > 0
        ? `Hit ${next.at} is larger than a page: part.text is a piece of the JSON text. Join the pieces of all pages.`
        : `${left} more hits are on the next pages: see nextCursor.`,
    ],
    next: goOn(action, following),
  };
}

function stillPlaced({ id, status, hits, maxHits }: ActionRecord, { until }: HitCursor): { next?: NextCall } {
  if (status !== 'pending' || until < maxHits) return {};
  const why = 'The action is still placed and may yet be hit.';
  return { next: { tool: 'wait_for_hits', why, arguments: { actionId: id, afterHit: hits } } };
}

function goOn({ id }: ActionRecord, cursor: HitCursor): NextCall {
  return {
    tool: 'get_hits',
    why: 'This is not everything.',
    arguments: { actionId: id, view: cursor.view, cursor: writeHitCursor(cursor) },
  };
}
