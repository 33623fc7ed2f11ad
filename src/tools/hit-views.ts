import type { ActionRecord } from '../actions/action.ts';
import { didYouMean } from '../hits/missing.ts';
import { bytesOf, fingerprint, Page, type PageStart } from '../hits/pages.ts';
import { Finder, type Path } from '../hits/path.ts';
import { summarise } from '../hits/summarise.ts';
import { Table } from '../hits/table.ts';
import type { ClosedHit, NextCall, Shown, View, ViewedHit } from '../redaction/view.ts';
import { budgetOf } from './hit-bytes.ts';
import { changed, type HitCursor, putOn, writeHitCursor } from './hit-cursor.ts';

/** What a view of hits is made of. */
export interface Showing {
  action: ActionRecord;
  hits: readonly ClosedHit[];
  /** Where the page begins, and the last hit that is wanted. */
  cursor: HitCursor;
  maxBytes: number;
  /** What the caller wrote for the path of the view path. */
  pathText?: string | undefined;
}

/** Hits whole, as many as fit; one that is larger than a page in parts. */
export function rawView(showing: Showing): View {
  const { action, hits, cursor, maxBytes } = showing;
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
      ...onward(showing, page),
    }),
  };
}

/** What each hit has at one path. */
export function pathView(showing: Showing, path: Path): View {
  const { action, hits, cursor, maxBytes } = showing;
  const finder = new Finder();
  const page = new Page<unknown>(maxBytes, startOf(cursor));
  const lacking: ViewedHit[] = [];
  let reason = '';
  return {
    hits,
    add(viewed) {
      const { hit } = viewed;
      const found = finder.at(path, hit);
      const said = found.is === 'found' ? { value: found.value } : { missing: found.is, why: found.why };
      putOn(page, { hit: hit.number, ...said });
      if (found.is !== 'absent') return;
      lacking.push(viewed);
      reason ||= found.why;
    },
    done() {
      if (hits.length > 0 && lacking.length === hits.length) return nowhere(showing, path, lacking, reason);
      return {
        structured: { values: page.items, ...partOf(page), ...cursorOf(action, page, cursor) },
        ...onward(showing, page),
      };
    },
  };
}

/** One answer for a path that no hit has, rather than the same for each of them. */
function nowhere(showing: Showing, path: Path, lacking: readonly ViewedHit[], why: string): Shown {
  const { action, cursor } = showing;
  const [first, last] = [lacking[0]?.hit.number ?? 0, lacking.at(-1)?.hit.number ?? 0];
  const near = 'fact' in path ? [] : didYouMean(path.node, lacking);
  const following: HitCursor | undefined = last < lastOf(action, cursor) ? { ...cursor, at: last + 1, from: 0 } : undefined;
  const which = first === last ? `Hit ${first} does not have` : `None of the hits ${first} to ${last} has`;
  return {
    structured: {
      values: [],
      missing: { why, ...(near.length === 0 ? {} : { didYouMean: near }) },
      ...(following === undefined ? {} : { nextCursor: writeHitCursor(following) }),
    },
    notes: [`${which} this path${near.length === 0 ? '' : ': see missing.didYouMean'}.`],
    next: { tool: 'get_hits', why: 'Its summary has the paths there are.', arguments: { actionId: action.id, view: 'summary' } },
  };
}

/** What the hits have in common and where they differ, path by path. */
export function summaryView(showing: Showing): View {
  const { action, hits, cursor, maxBytes } = showing;
  const table = new Table();
  return {
    hits,
    add: (viewed) => table.add(viewed),
    async done() {
      const { summary, paths } = await summarise(table);
      const check = fingerprint(JSON.stringify(paths));
      const isContinued = cursor.at > 0 || cursor.from > 0;
      if (isContinued && (cursor.check !== check || cursor.at >= paths.length)) throw changed();
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
        ...(following === undefined ? stillPlaced(action, cursor) : { next: goOn(showing, following) }),
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

const lastOf = (action: ActionRecord, { until }: HitCursor): number => Math.min(until, action.hits);

function partOf<Item>({ part }: Page<Item>): { part?: Page<Item>['part'] } {
  return part === undefined ? {} : { part };
}

function followingOf<Item>(action: ActionRecord, { next }: Page<Item>, cursor: HitCursor): HitCursor | undefined {
  if (next.at > lastOf(action, cursor)) return undefined;
  const { view, of, after, until } = cursor;
  return { view, of, after, until, ...next };
}

function cursorOf<Item>(action: ActionRecord, page: Page<Item>, cursor: HitCursor): { nextCursor?: string } {
  const following = followingOf(action, page, cursor);
  return following === undefined ? {} : { nextCursor: writeHitCursor(following) };
}

/** What is not on the page, and how to get on. */
function onward<Item>(showing: Showing, page: Page<Item>): Pick<Shown, 'notes' | 'next'> {
  const { action, cursor } = showing;
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
    next: goOn(showing, following),
  };
}

function stillPlaced({ id, status, hits, maxHits }: ActionRecord, { until }: HitCursor): { next?: NextCall } {
  if (status !== 'pending' || until < maxHits) return {};
  const why = 'The action is still placed and may yet be hit.';
  return { next: { tool: 'wait_for_hits', why, arguments: { actionId: id, afterHit: hits } } };
}

function goOn({ action, pathText: path, maxBytes }: Showing, cursor: HitCursor): NextCall {
  const same = { view: cursor.view, ...(path === undefined ? {} : { path }), ...budgetOf(maxBytes) };
  return {
    tool: 'get_hits',
    why: 'This is not everything.',
    arguments: { actionId: action.id, ...same, cursor: writeHitCursor(cursor) },
  };
}
