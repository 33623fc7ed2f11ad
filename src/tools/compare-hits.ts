import { z } from 'zod';
import type { ActionRecord, TargetRecord } from '../actions/action.ts';
import type { Permit } from '../authorization/authorize.ts';
import { askedPaths, type Group } from '../hits/groups.ts';
import { Refusal } from '../lib/refusal.ts';
import { type Node, parseExpression } from '../protocol/expression.ts';
import { limits } from '../protocol/limits.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import type { ClosedHit } from '../redaction/view.ts';
import { findAction } from './action-answer.ts';
import { compareView } from './compare-view.ts';
import { actionId, open, ordinal, shortText } from './fields.ts';
import { maxReadChars, readHits, smallChars } from './read-hits.ts';
import type { CallContext, Tool } from './tool.ts';

/** Actions of one group. */
const maxActions = 10;
/** Hits of both groups together; beyond them a comparison says no more, and takes longer. */
const maxComparedHits = 400;

const milliseconds = z
  .number()
  .refine((number) => number >= 0, 'expected 0 or more')
  .optional()
  .describe('Bound.');

const group = z.object({
  actionIds: z
    .array(z.string().refine((id) => actionId.safeParse(id).success, 'expected the handle of an action, as act_…'))
    .refine((ids) => ids.length > 0 && ids.length <= maxActions, `expected 1 to ${maxActions} actions`)
    .optional()
    .describe('Handles.'),
  where: shortText(limits.maxExpressionChars).optional().describe('Condition over values.'),
  minDurationMs: milliseconds,
  maxDurationMs: milliseconds,
  version: shortText(200).optional().describe('Or commit.'),
});

type GroupInput = z.output<typeof group>;

const input = z.object({
  a: group.describe('Hits that fit all of it.'),
  b: group.optional().describe('Default: all their other hits.'),
  maxPaths: ordinal(100).default(20).describe('To tell.'),
});

/** Finds the paths whose values tell two groups of hits apart. */
export const compareHits: Tool<typeof input> = {
  name: 'compare_hits',
  title: 'Compare hits',
  description: `Find the paths whose values tell two groups of hits apart, best first: failing against passing, slow against fast, version against version. Exact; ids and clocks are only counted, redacted values compared by tag.
Example: {"a":{"actionIds":["act_…"],"where":"order.total < 0"}}`,
  input,
  output: z.object({
    groups: open('Hits: {a, b, both, neither, undecided, reasons, missing}.'),
    paths: z
      .array(open('{path, separates, by, limit, score, a, b, alsoAt}; a, b: {types, values, moreValues, min, max}.'))
      .describe('Untrusted.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, { a, b, maxPaths }, context) {
    const ofA = await actionsOf(context, permit, 'a', a.actionIds);
    const ofB = b?.actionIds === undefined ? ofA : await actionsOf(context, permit, 'b', b.actionIds);
    const actions = [...new Map([...ofA, ...ofB].map((action) => [action.id, action])).values()];
    const groupA = groupOf('a', a, ofA);
    const groupB = b === undefined ? undefined : groupOf('b', b, ofB);
    context.note({ target: { actionId: actions[0]?.id } });
    const hits = await context.latency.measure('read', () => hitsOf(context, actions));
    context.note({ hits: hits.length });
    const recorded = actions.reduce((sum, action) => sum + action.hits, 0);
    const unread = Math.max(0, recorded - hits.length);
    const notes = [
      ...(unread === 0 ? [] : [`${unread} of ${recorded} hits are not compared: one answer reads no more of them.`]),
      ...(actions.every(recordsHits) ? [] : ['Actions that add up have no hits to compare.']),
    ];
    const asked = askedPaths(groupB === undefined ? [groupA] : [groupA, groupB]);
    return { structured: { notes }, view: compareView({ actions, hits, a: groupA, b: groupB, asked, maxPaths }) };
  },
};

async function actionsOf(
  context: CallContext,
  permit: Permit,
  name: 'a' | 'b',
  ids: string[] | undefined,
): Promise<ActionRecord[]> {
  if (ids === undefined) {
    throw new Refusal({
      code: 'invalid_input',
      message: `${name}.actionIds is missing: a comparison needs the actions whose hits it compares.`,
      field: `${name}.actionIds`,
      next: 'Call list_actions to see the actions there are.',
    });
  }
  const found: ActionRecord[] = [];
  for (const [index, id] of ids.entries()) found.push(await findAction(context, permit, id, `${name}.actionIds[${index}]`));
  return found;
}

function groupOf(name: 'a' | 'b', { where, minDurationMs, maxDurationMs, version }: GroupInput, actions: ActionRecord[]): Group {
  const agents = version === undefined ? undefined : agentsOf(actions, version, `${name}.version`);
  return {
    actionIds: new Set(actions.map(({ id }) => id)),
    ...(agents === undefined ? {} : { agentIds: agents }),
    ...(where === undefined ? {} : { where: parseWhere(where, `${name}.where`) }),
    ...(minDurationMs === undefined ? {} : { minDurationMs }),
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
  };
}

/** Characters of a commit that stand for all of it. */
const minCommitChars = 7;
/** Versions told in a refusal. */
const maxToldVersions = 10;

/** Agents whose program had this version or commit when the action came to them; what they are now is another question. */
function agentsOf(actions: ActionRecord[], wanted: string, field: string): Set<string> {
  const targets = actions.flatMap((action) => action.targets);
  const isOf = ({ version, commit }: TargetRecord) =>
    version === wanted || commit === wanted || (wanted.length >= minCommitChars && commit?.startsWith(wanted) === true);
  const ids = new Set(targets.filter(isOf).map(({ agentId }) => agentId));
  if (ids.size > 0) return ids;
  const distinct = (told: (string | undefined)[]) =>
    [...new Set(told)].filter((one) => one !== undefined).slice(0, maxToldVersions);
  const versions = distinct(targets.map(({ version }) => version));
  const commits = distinct(targets.map(({ commit }) => commit));
  throw new Refusal({
    code: 'not_found',
    message: 'No agent of these actions ran that version or commit.',
    field,
    next: versions.length + commits.length === 0 ? 'Their agents told none.' : 'Take one of those in data.',
    data: { versions, commits },
  });
}

function parseWhere(text: string, field: string): Node {
  const parsed = parseExpression(text);
  if (parsed.ok) return parsed.node;
  const { message, hint } = parsed;
  throw new Refusal({ code: 'invalid_expression', message, field, ...(hint === undefined ? {} : { next: hint }) });
}

/** The same room for each action, so that a long one does not leave the others out. */
async function hitsOf(context: CallContext, actions: ActionRecord[]): Promise<ClosedHit[]> {
  const room = { chars: Math.floor(maxReadChars / actions.length), hits: Math.floor(maxComparedHits / actions.length) };
  const hits: ClosedHit[] = [];
  let chars = 0;
  for (const action of actions) {
    const its = await readHits(context, action, { after: 0, until: room.hits, maxChars: room.chars });
    hits.push(...its);
    chars += its.reduce((sum, { capture }) => sum + capture.shownChars(), 0);
    if (chars > smallChars) await context.large();
  }
  return hits;
}
