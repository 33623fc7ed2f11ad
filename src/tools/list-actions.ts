import { z } from 'zod';
import type { ListedAction } from '../actions/action.ts';
import { maySee } from './action-answer.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { actionId, investigation, open } from './fields.ts';
import type { Tool } from './tool.ts';

const statuses = ['pending', 'completed', 'expired', 'cancelled', 'failed'] as const;

const input = z.object({
  status: z.enum(statuses).optional().describe('Status.'),
  mine: z.boolean().default(false).describe('Only yours.'),
  investigation: investigation.optional().describe('Only of this one of yours.'),
  limit: z.number().int().min(1).max(100).default(20).describe('Page size.'),
  cursor: z.string().max(200).optional().describe('nextCursor before.'),
});

/** Where a page ended: what storage can take, because a cursor comes back from outside. */
const cursorPlace = z.object({ createdAt: z.int().min(0), id: actionId });

const listed = open(
  '{actionId, investigation, kind, status, file, line, condition, services, hitCount, maxHits, placedBy, mine, expiresAt, …}.',
);

/** Lists actions of the organisation on sources the caller may reach, newest first. */
export const listActions: Tool<typeof input> = {
  name: 'list_actions',
  title: 'List actions',
  description: `List what is placed now or ended lately: where, by whom, how many hits. Use it to find a handle again, or to see what is left to clean up.
Example: {"status":"pending","mine":true}`,
  input,
  output: z.object({
    actions: z.array(listed).describe('Newest first.'),
    nextCursor: z.string().optional().describe('Of the next page.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ permit }, { status, mine, investigation: name, limit, cursor }, { services }) {
    const { org, subject } = permit.principal;
    const before = cursor === undefined ? undefined : readCursor(cursor, cursorPlace);
    const found = await services.actions.store.list(org, {
      status,
      // The same word of somebody else is another investigation.
      principal: mine || name !== undefined ? subject : undefined,
      investigation: name,
      before,
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const visible = page.filter((action) => maySee(permit, action));
    return {
      structured: {
        actions: visible.map((action) => describe(action, subject)),
        ...(found.length > limit && last !== undefined
          ? { nextCursor: writeCursor({ createdAt: last.createdAt, id: last.id }) }
          : {}),
      },
    };
  },
};

function describe(action: ListedAction, subject: string) {
  return {
    actionId: action.id,
    investigation: action.investigation,
    kind: action.kind,
    status: action.status,
    ...(action.statusReason === undefined ? {} : { statusReason: action.statusReason }),
    file: action.file,
    line: action.line,
    ...(action.condition === undefined ? {} : { condition: action.condition }),
    services: [...new Set(action.targets.map((target) => target.service))],
    agents: action.targets.length,
    hitCount: action.hits,
    maxHits: action.maxHits,
    placedBy: action.principalName,
    mine: action.principal === subject,
    createdAt: new Date(action.createdAt).toISOString(),
    expiresAt: new Date(action.expiresAt).toISOString(),
  };
}
