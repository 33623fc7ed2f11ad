import type { ActionRecord } from './action.ts';
import type { ActionContext } from './context.ts';
import { finish } from './finish.ts';

/** How often a wait looks by itself, in case a wake was missed. */
const pollMs = 1_000;
/** How often a waiting client hears that work goes on. */
const progressMs = 10_000;
/** When no agent has the file loaded, waiting longer rarely helps, and the caller should hear of it soon. */
const unboundMs = 5_000;

export interface Wait {
  org: string;
  id: string;
  /** How long at most; the action lives on when it ends first. */
  waitMs: number;
  /** Also ends the wait as soon as there are more hits than this. */
  moreThanHits?: number;
  signal: AbortSignal;
  progress(done: number, total: number, message: string): Promise<void>;
}

/** Waits until the action has ended, has the hits asked for, or the time is up. Undefined when there is no such action. */
export async function wait(
  context: ActionContext,
  { org, id, waitMs, moreThanHits, signal, progress }: Wait,
): Promise<ActionRecord | undefined> {
  const start = context.clock.monotonic();
  let toldAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const action = await context.store.get(org, id);
    if (action === undefined || signal.aborted) return action;
    if (action.status !== 'pending') return action;
    if (moreThanHits !== undefined && action.hits > moreThanHits) return action;
    if (context.clock.now() >= action.expiresAt)
      return (await finish(context, org, id, 'expired', 'Its time was up.'))?.action ?? context.store.get(org, id);
    const waitedMs = context.clock.monotonic() - start;
    if (waitedMs >= waitMs || (waitedMs >= unboundMs && isUnbound(action))) return action;
    if (waitedMs - toldAt >= progressMs) {
      toldAt = waitedMs;
      await progress(waitedMs, waitMs, describe(action));
    }
    const untilEndMs = action.expiresAt - context.clock.now();
    await context.waker.next(id, Math.max(1, Math.min(pollMs, waitMs - waitedMs, untilEndMs)), signal);
  }
}

const isUnbound = (action: ActionRecord) =>
  action.targets.length > 0 && action.targets.every((target) => target.state === 'pending');

function describe(action: ActionRecord): string {
  const armed = action.targets.filter((target) => target.state === 'armed').length;
  return `${action.hits} of ${action.maxHits} hits; armed on ${armed} of ${action.targets.length} agents`;
}
