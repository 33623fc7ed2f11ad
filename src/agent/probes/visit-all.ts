import { monotonicMs } from '../intrinsics.ts';
import { isStrike, nextQuickMs } from './budget.ts';
import type { Ends, Hits } from './hits.ts';
import type { Attachment, Pass } from './site.ts';
import { visit } from './visit.ts';
import type { Watch } from './watch.ts';

/** Passes of a place that are all timed: V8 has not compiled our code yet. */
const timedAtFirst = 1_000;
/** Of the quick ones behind them one in so many is. */
const timedEvery = 16;

/** Defects of ours in a row that end an action. */
const maxFailures = 3;

/**
 * What every action of a place does at one pass. The program waits, and may have changed the language. False when none of them needs
 * the place any more.
 */
export function visitAll(pass: Pass, hits: Hits, ends: Ends): boolean {
  const { site } = pass;
  const { attachments } = site;
  let isWanted = false;
  // Each pass starts with another action, so that a slow one does not keep the others waiting for ever.
  site.turn += 1;
  for (let index = 0; index < attachments.length; index += 1) {
    const attachment = attachments[(site.turn + index) % attachments.length] as Attachment;
    const { watch } = attachment;
    const fromMs = index === 0 ? pass.startMs : pass.endMs;
    pass.endMs = 0;
    pass.isQuick = false;
    try {
      // The pause is one for all actions of the place: those it has no time for look at a later pass.
      if (watch.state === 'armed' && index > 0 && isStrike(fromMs - pass.startMs)) skip(watch);
      else if (isDue(watch, fromMs, ends)) pass.token = visit(attachment, pass, hits);
      watch.failures = 0;
    } catch {
      pass.isQuick = false;
      watch.failures += 1;
      if (watch.failures >= maxFailures)
        ends.endSoon(watch, 'failed', { code: 'internal', message: 'The agent failed at this line.' });
    }
    const tookMs = lasted(attachment, pass, fromMs) + (index === 0 ? pass.runtimeMs : 0);
    watch.spentMs += tookMs;
    watch.cycle.spent(tookMs);
    if (tookMs > watch.maxPauseMs) watch.maxPauseMs = tookMs;
    if (watch.state !== 'armed') continue;
    isWanted = true;
    if (isStrike(tookMs)) ends.tripSoon(watch, tookMs);
  }
  return isWanted;
}

/**
 * Milliseconds of an action's part of a pass. Asking the clock is half the cost of a quick one: most of those are taken for as long as
 * the ones that are timed.
 */
function lasted(attachment: Attachment, pass: Pass, fromMs: number): number {
  const { turn } = pass.site;
  if (pass.isQuick && turn > timedAtFirst && turn % timedEvery !== 0) {
    pass.endMs = fromMs + attachment.quickMs;
    return attachment.quickMs;
  }
  if (pass.endMs === 0) pass.endMs = monotonicMs();
  const ms = pass.endMs - fromMs;
  if (pass.isQuick) attachment.quickMs = nextQuickMs(attachment.quickMs, ms);
  return ms;
}

/** Whether the action takes passes now; its end is seen here first. */
function isDue(watch: Watch, nowMs: number, ends: Ends): boolean {
  if (watch.state !== 'armed' || watch.trippedUntilMs > nowMs) return false;
  if (nowMs < watch.expiresAtMs) return true;
  ends.endSoon(watch, 'expired');
  return false;
}

function skip(watch: Watch): void {
  watch.skipped.budget += 1;
  watch.isChanged = true;
}
