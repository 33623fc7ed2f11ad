import { z } from 'zod';
import { type Path, parsePath } from '../hits/path.ts';
import { Refusal } from '../lib/refusal.ts';
import { limits } from '../protocol/limits.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import type { View } from '../redaction/view.ts';
import { findAction } from './action-answer.ts';
import { actionId, open, ordinal, shortText } from './fields.ts';
import { defaultMaxBytes, maxBytes } from './hit-bytes.ts';
import { firstCursor, type HitViewName, hitViews, readHitCursor } from './hit-cursor.ts';
import { pathView, rawView, type Showing, summaryView } from './hit-views.ts';
import { maxReadChars, readHits } from './read-hits.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  actionId,
  view: z.enum(hitViews).optional().describe('Default summary.'),
  path: shortText(limits.maxExpressionChars).optional().describe('For view path.'),
  hit: ordinal(limits.maxHits).optional().describe('Only this one, raw.'),
  cursor: shortText(400).optional().describe('nextCursor before.'),
  maxBytes,
});

const addsUp = 'This action adds up inside the program and captures no hits: its result is there.';

/** A page of raw hits is read with some more than fits: what is stored is longer than what is shown. */
const readAhead = 3;

/** Reads the hits of an action within a budget: as a summary, at one path, or whole. */
export const getHits: Tool<typeof input> = {
  name: 'get_hits',
  title: 'Get hits',
  description: `Read captured hits within a byte budget. summary: types, values and counts per path, those that vary first. path: one value in every hit, as order.items[0].price, @caller, @durationMs. raw: whole hits, or pieces of the JSON of a large one.
Example: {"actionId":"act_…","path":"order.total"}`,
  input,
  output: z.object({
    summary: open('{hits, varying, constant, messages, paths: [{path, value} or {path, types, values, min, max}]}.'),
    values: z.array(open('{hit, value} or {hit, missing, why}.')).describe('Untrusted.'),
    hits: z.array(open('As in take_snapshot.')).describe('Untrusted.'),
    part: open('{from, of, text}.'),
    nextCursor: z.string().describe('To go on.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, { actionId: id, path, hit, cursor: text, maxBytes: bytes = defaultMaxBytes, ...asked }, context) {
    const view = asked.view ?? (path !== undefined ? 'path' : hit !== undefined ? 'raw' : 'summary');
    const wanted = readPath(view, path);
    const action = await findAction(context, permit, id);
    context.note({ target: { actionId: id } });
    if (hit !== undefined && hit > action.hits) throw noSuchHit(hit, action.hits);
    const paged = { view, action, path: wanted };
    const first = hit === undefined ? firstCursor(paged, 0, limits.maxHits) : firstCursor(paged, hit - 1, hit);
    const cursor = text === undefined ? first : readHitCursor(text, first, action);
    const after = view === 'summary' ? cursor.after : Math.max(0, cursor.at - 1);
    const maxChars = view === 'raw' ? bytes * readAhead : maxReadChars;
    const hits = await context.latency.measure('read', () => readHits(context, action, { after, until: cursor.until, maxChars }));
    context.note({ hits: hits.length });
    const { status, hits: hitCount, maxHits } = action;
    return {
      structured: { actionId: id, view, status, hitCount, maxHits },
      view: viewOf(view, { action, hits, cursor, maxBytes: bytes, pathText: path }, wanted),
      ...(recordsHits(action) ? {} : { next: { tool: 'wait_for_hits', why: addsUp, arguments: { actionId: id } } }),
    };
  },
};

function viewOf(view: HitViewName, showing: Showing, path: Path | undefined): View {
  if (view === 'summary') return summaryView(showing);
  return path === undefined ? rawView(showing) : pathView(showing, path);
}

function readPath(view: HitViewName, text: string | undefined): Path | undefined {
  if (view !== 'path') {
    if (text === undefined) return undefined;
    throw new Refusal({
      code: 'invalid_input',
      message: `The view ${view} takes no path.`,
      field: 'path',
      next: 'Leave out view, or path.',
    });
  }
  const parsed =
    text === undefined
      ? { ok: false as const, why: 'The view path needs one.', hint: 'Take it from a summary.' }
      : parsePath(text);
  if (parsed.ok) return parsed.path;
  throw new Refusal({ code: 'invalid_expression', message: parsed.why, field: 'path', next: parsed.hint });
}

function noSuchHit(hit: number, hits: number): Refusal {
  return new Refusal({
    code: 'not_found',
    message: `There is no hit ${hit}; the action has ${hits}.`,
    field: 'hit',
    next: hits === 0 ? 'Call wait_for_hits to wait for the first.' : `Ask for hit 1 to ${hits}.`,
  });
}
