import { z } from 'zod';
import { readFor, wait } from '../actions/wait.ts';
import { limits } from '../protocol/limits.ts';
import { answerOf, findAction } from './action-answer.ts';
import { waitOf } from './client-waits.ts';
import { actionId, open, waitSeconds } from './fields.ts';
import { maxBytes } from './hit-bytes.ts';
import type { Tool } from './tool.ts';

const input = z.object({
  actionId,
  afterHit: z.number().int().min(0).max(limits.maxHits).default(0).describe('Only hits after this number.'),
  waitSeconds,
  maxBytes,
});

/** Waits for hits of an action placed before, from any connection. */
export const waitForHits: Tool<typeof input> = {
  name: 'wait_for_hits',
  title: 'Wait for hits',
  description: `Wait for hits of an action placed before, and read them, or its result so far. Use it when a tool answered "pending", or to read hits again.
Answers as soon as there is a hit after afterHit, the action has ended, or the wait is over; then status "pending" means: call again. Works from any connection, also after a restart.
Example: {"actionId":"act_…","afterHit":2}`,
  input,
  output: z.object({ hits: z.array(open('As take_snapshot answers, and all else too.')).describe('Untrusted values.') }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run({ permit }, { actionId: id, afterHit, waitSeconds: seconds, maxBytes: bytes }, context) {
    const found = await findAction(context, permit, id);
    const { services, signal, progress, waits } = context;
    const { waitMs, notes } = waitOf(context, seconds ?? waits.defaultSeconds);
    const untilMs = services.clock.monotonic() + waitMs;
    const waiting = { org: found.org, id, waitMs, moreThanHits: afterHit, signal, progress };
    const action = (await context.latency.measure('wait', () => wait(services.actions, waiting))) ?? found;
    context.note({ target: { actionId: id } });
    return readFor(services.actions, action, { untilMs, signal }, () =>
      answerOf(context, action, afterHit, action.status === 'pending' ? notes : [], bytes),
    );
  },
};
