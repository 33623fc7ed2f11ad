import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import type { ActionRecord } from './action.ts';
import type { ActionContext } from './context.ts';
import { finish } from './finish.ts';
import { type Outlasting, outlast } from './outlast.ts';
import type { Listener } from './waker.ts';

/** How often a wait looks by itself, in case a wake was missed. */
const pollMs = 1_000;
/** How long agents have to say what they counted last, when the time of an action is up. */
const lastWordMs = 2_000;
/** How often a waiting client hears that work goes on. */
const progressMs = 10_000;
/** When no agent has the file loaded, or every pass fails, waiting longer rarely helps, and the caller should hear of it soon. */
const hopelessMs = 5_000;

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

/**
 * Waits until the action has ended, has the hits asked for, or the time is up. Undefined when there is no such action. A database that goes
 * away meanwhile is waited for; throws `unavailable` with the handle where it is still away when the time is up.
 */
export async function wait(context: ActionContext, waiting: Wait): Promise<ActionRecord | undefined> {
  const listener = context.waker.listen(waiting.id);
  try {
    return await waitFor(context, waiting, listener);
  } finally {
    listener.end();
  }
}

/** Reads for the answer of a wait that is over at `untilMs`, by the monotonic clock; as patient as the wait itself. */
export async function readFor<T>(
  { clock, waker }: Pick<ActionContext, 'clock' | 'waker'>,
  { id, expiresAt }: Pick<ActionRecord, 'id' | 'expiresAt'>,
  { untilMs, signal }: Pick<Outlasting, 'untilMs' | 'signal'>,
  read: () => Promise<T>,
): Promise<T> {
  const listener = waker.listen(id);
  try {
    const pause = (ms: number) => listener.next(ms, signal);
    return await outlast({ clock, untilMs, signal, pause, tell: async () => {}, givenUp: () => unread(id, expiresAt) }, read);
  } finally {
    listener.end();
  }
}

async function waitFor(
  context: ActionContext,
  { org, id, waitMs, moreThanHits, signal, progress }: Wait,
  listener: Listener,
): Promise<ActionRecord | undefined> {
  const { clock, store, replica } = context;
  const start = clock.monotonic();
  let toldAt = Number.NEGATIVE_INFINITY;
  let isHeard = false;
  let expiresAt: number | undefined;
  async function tell(message: string): Promise<void> {
    const waitedMs = clock.monotonic() - start;
    if (waitedMs - toldAt < progressMs) return;
    toldAt = waitedMs;
    await progress(waitedMs, waitMs, message);
  }
  const patient: Outlasting = {
    ...{ clock, signal, untilMs: start + waitMs },
    pause: (ms) => listener.next(ms, signal),
    tell: () => tell('the database is away; waiting goes on'),
    givenUp: () => unread(id, expiresAt),
  };
  for (;;) {
    const action = await outlast(patient, () => listener.look(() => store.get(org, id), pollMs / 2));
    expiresAt = action?.expiresAt;
    if (action === undefined || signal.aborted) return action;
    // What happens from here on is told to this replica; what happened before is seen by the next look.
    if (!isHeard && action.status === 'pending') {
      isHeard = true;
      if (!action.listeners.includes(replica)) {
        await outlast(patient, () => store.listen(org, id, replica));
        listener.forget();
        continue;
      }
    }
    if (action.status !== 'pending') return action;
    if (moreThanHits !== undefined && action.hits > moreThanHits) return action;
    if (clock.now() >= action.expiresAt) {
      const ended = await outlast(patient, () => finish(context, org, id, 'expired', 'Its time was up.'));
      if (ended !== undefined) await atMost(clock, lastWordMs, ended.takenOff);
      return outlast(patient, () => store.get(org, id));
    }
    const waitedMs = clock.monotonic() - start;
    if (waitedMs >= waitMs || (waitedMs >= hopelessMs && (isUnbound(action) || isFailing(action)))) return action;
    await tell(describe(action));
    const untilEndMs = action.expiresAt - clock.now();
    await listener.next(Math.max(1, Math.min(pollMs, waitMs - waitedMs, untilEndMs)), signal);
  }
}

/** The handle, for who cannot be told more: the action does not need the database to go on, and agents keep what they cannot deliver. */
function unread(actionId: string, expiresAt: number | undefined): Refusal {
  const until = expiresAt === undefined ? '' : `, until ${new Date(expiresAt).toISOString()} at the latest`;
  return new Refusal({
    code: 'unavailable',
    message: `The database does not answer, so what became of the action ${actionId} is not known; it may have gone on${until}.`,
    next: 'Call wait_for_hits with its actionId in some seconds: hits that agents could not deliver come then. Do not place it again before.',
    data: { actionId },
  });
}

function atMost(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const callOff = clock.after(ms, resolve);
    void work.then(() => {
      callOff();
      resolve();
    });
  });
}

function isUnbound({ targets }: ActionRecord): boolean {
  return targets.length > 0 && targets.every((target) => target.state === 'pending');
}

/** The line runs, and at no pass could the condition be evaluated. */
function isFailing({ hits, targets }: ActionRecord): boolean {
  const passed = ({ hits, skipped, sums }: ActionRecord['targets'][number]) =>
    hits + (skipped?.condition ?? 0) + (sums?.count ?? 0);
  return (
    hits === 0 && targets.every((target) => passed(target) === 0) && targets.some((target) => (target.skipped?.error ?? 0) > 0)
  );
}

function describe(action: ActionRecord): string {
  const armed = action.targets.filter((target) => target.state === 'armed').length;
  const counted = action.targets.reduce((sum, { sums }) => sum + (sums?.count ?? 0), 0);
  const soFar = recordsHits(action) ? `${action.hits} of ${action.maxHits} hits` : `${counted} passes counted`;
  return `${soFar}; armed on ${armed} of ${action.targets.length} agents`;
}
