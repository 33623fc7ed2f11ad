import type { ActionRecord } from '../actions/action.ts';
import { bytesOf, fingerprint } from '../hits/pages.ts';
import { summarise } from '../hits/summarise.ts';
import { Table } from '../hits/table.ts';
import type { ClosedHit, Shown, View, ViewedHit } from '../redaction/view.ts';
import { budgetOf } from './hit-bytes.ts';
import { firstCursor, writeHitCursor } from './hit-cursor.ts';
import { cutNote, pageOfPaths } from './hit-views.ts';

/** What an action's answer shows of its hits. */
export interface Answering {
  action: ActionRecord;
  /** Hits after `afterHit`, as many as may be read for one answer, and the last one where that is not among them. */
  hits: readonly ClosedHit[];
  last?: ClosedHit;
  afterHit: number;
  maxBytes: number;
}

/** Share of the budget that the first and the last hit may take beside a summary, each. */
const endsShare = 0.25;

/** All hits where they fit; else their summary, the first and the last of them, and where the others are. */
export function answerView({ action, hits, last, afterHit, maxBytes }: Answering): View {
  const listName = action.log === undefined ? 'hits' : 'messages';
  const table = new Table();
  const shown: (ViewedHit['hit'] | NonNullable<ViewedHit['line']>)[] = [];
  let bytes = 2;
  return {
    hits: last === undefined ? hits : [...hits, last],
    add(viewed) {
      const one = viewed.line ?? viewed.hit;
      bytes += bytesOf(one) + 1;
      if (bytes > maxBytes && shown.length > 1) shown.length = 1;
      shown.push(one);
      if (last === undefined || viewed.hit.number !== last.number) table.add(viewed);
    },
    async done(): Promise<Shown> {
      if (bytes <= maxBytes && last === undefined) return { structured: { [listName]: shown } };
      const ends = shown.length > 1 ? [shown[0], shown.at(-1)] : shown;
      const fitting = ends.filter((one) => bytesOf(one) <= maxBytes * endsShare);
      const { summary, paths } = await summarise(table);
      const page = pageOfPaths(paths, { at: 0, from: 0 }, maxBytes - bytesOf(summary) - bytesOf(fitting));
      const until = hits.at(-1)?.number ?? afterHit;
      const isRest = page.next.at < paths.length;
      const rest = {
        ...firstCursor({ view: 'summary', action }, afterHit, until),
        at: page.next.at,
        check: fingerprint(JSON.stringify(paths)),
      };
      const raw = firstCursor({ view: 'raw', action }, afterHit, action.maxHits);
      const count = hits.length + (last === undefined ? 0 : 1);
      return {
        structured: {
          summary: { ...summary, paths: page.items, ...(isRest ? { morePaths: paths.length - page.next.at } : {}) },
          [listName]: fitting,
        },
        notes: [
          `${count === 1 ? 'The hit is' : `The ${count} hits are`} larger than ${maxBytes} bytes: this is a summary${endsNote(fitting.length)}. get_hits reads values at a path, or hits whole.`,
          ...(isRest ? [`${paths.length - page.next.at} of ${paths.length} paths did not fit: see next.`] : []),
          ...(last === undefined ? [] : [`The summary is of hits ${afterHit + 1} to ${until} of ${action.hits}.`]),
          ...(table.isCut ? [cutNote] : []),
        ],
        next: {
          tool: 'get_hits',
          why: isRest
            ? 'The summary goes on there.'
            : 'It has the hits whole, page by page; with path it reads one value of every hit.',
          arguments: {
            actionId: action.id,
            ...budgetOf(maxBytes),
            ...(isRest ? { view: 'summary', cursor: writeHitCursor(rest) } : { view: 'raw', cursor: writeHitCursor(raw) }),
          },
        },
      };
    },
  };
}

const endsNote = (count: number): string =>
  count === 2 ? ', with the first and the last' : count === 1 ? ', with one of them' : '';
