import type { ActionRecord, TargetRecord } from '../actions/action.ts';
import type { Permit } from '../authorization/authorize.ts';
import type { HitRecord, HitStore } from '../hits/hit.ts';
import { Refusal } from '../lib/refusal.ts';
import { limits } from '../protocol/limits.ts';
import { cleanLabel } from '../redaction/clean.ts';
import type { Outcome } from '../redaction/redact.ts';
import type { CallContext } from './tool.ts';

/** Targets listed one by one in an answer. */
const maxListedTargets = 20;

/**
 * Characters of hits in one answer: a model reads the fenced text, which ends at 200,000, and one answer must not hold the
 * bridge. One hit is always whole; it has at most `limits.maxHitBytes`.
 */
const maxHitChars = 160_000;
/** Hits read at first; how many more is worth reading at a time follows from their size. */
const firstPage = 4;
/** Characters of a caller's or an agent's words inside a note. */
const maxQuotedChars = 200;

/** The answer about one action with its hits after `afterHit`, as many as fit. */
export async function answerOf(
  context: CallContext,
  action: ActionRecord,
  afterHit: number,
  notes: string[] = [],
): Promise<Outcome> {
  const hits = await context.latency.measure('read', () => readHits(context.services.hits, action, afterHit));
  context.note({ hits: hits.length });
  const first = action.targets.find((target) => target.at?.[0] !== undefined)?.at?.[0];
  const seen = hits.at(-1)?.number ?? afterHit;
  const left = Math.max(0, action.hits - seen);
  const full = left === 0 ? [] : [`${left} more hits do not fit into one answer: call wait_for_hits with afterHit ${seen}.`];
  return {
    structured: {
      actionId: action.id,
      status: action.status,
      ...(action.statusReason === undefined ? {} : { statusReason: action.statusReason }),
      requested: { file: action.file, line: action.line },
      ...(first === undefined ? {} : { bound: first }),
      hitCount: action.hits,
      maxHits: action.maxHits,
      expiresAt: new Date(action.expiresAt).toISOString(),
      hits,
      targets: action.targets.slice(0, maxListedTargets).map((target) => describeTarget(action, target)),
      moreTargets: Math.max(0, action.targets.length - maxListedTargets),
      notes: [...full, ...notesOn(action), ...notes],
    },
    ...(left > 0 || action.status === 'pending'
      ? {
          next: {
            tool: 'wait_for_hits',
            why: left > 0 ? 'There are more hits than fit into one answer.' : 'The action is still placed and may yet be hit.',
            arguments: { actionId: action.id, afterHit: seen },
          },
        }
      : {}),
  };
}

/** Hits in order until the next would not fit, read in pages that do not load much more than that. */
async function readHits(store: HitStore, { org, id }: ActionRecord, afterHit: number): Promise<HitRecord[]> {
  const hits: HitRecord[] = [];
  let chars = 0;
  let limit = firstPage;
  for (;;) {
    const page = await store.page(org, id, hits.at(-1)?.number ?? afterHit, limit);
    for (const hit of page) {
      chars += hit.capture.shownChars();
      if (hits.length > 0 && chars > maxHitChars) return hits;
      hits.push(hit);
    }
    if (page.length < limit) return hits;
    limit = Math.min(limits.maxHits, Math.max(1, Math.ceil((maxHitChars - chars) / (chars / hits.length))));
  }
}

/** Words of a caller or an agent in a note of ours, as one quoted line. */
export function quoted(words: string): string {
  return JSON.stringify(cleanLabel(words, maxQuotedChars));
}

/** The action by its handle, when the caller may reach it; otherwise it does not exist for them. */
export async function findAction(context: CallContext, permit: Permit, id: string): Promise<ActionRecord> {
  const action = await context.services.actions.store.get(permit.principal.org, id);
  if (action !== undefined && maySee(permit, action)) return action;
  throw new Refusal({
    code: 'not_found',
    message: `There is no action ${id}.`,
    field: 'actionId',
    next: 'Call list_actions to see the actions there are.',
  });
}

/** One's own actions, and others' when every agent they are on may be reached. */
export function maySee(permit: Permit, action: ActionRecord): boolean {
  if (action.principal === permit.principal.subject) return true;
  return action.targets.length > 0 && action.targets.every((target) => permit.mayReach(target));
}

function describeTarget(action: ActionRecord, target: TargetRecord) {
  const { agentId, agentName, service, state, hits, at, skipped, lastError, message } = target;
  return {
    agentId,
    agentName,
    service,
    // An agent's last word can be later than the answer.
    state: action.status !== 'pending' && (state === 'armed' || state === 'pending') ? 'removing' : state,
    hits,
    ...(at === undefined ? {} : { bound: at, moved: at.some((place) => place.line !== action.line) }),
    ...(skipped === undefined ? {} : { skipped }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(message === undefined ? {} : { message }),
  };
}

/** What a reader would otherwise have to guess: moved lines, files not loaded, conditions that never held. */
function notesOn(action: ActionRecord): string[] {
  const { targets, line } = action;
  const notes: string[] = [];
  const moved = targets.flatMap((target) => target.at ?? []).find((place) => place.line !== line);
  if (moved !== undefined) notes.push(`Line ${line} holds no statement; bound to line ${moved.line} instead.`);
  const unbound = targets.filter((target) => target.state === 'pending');
  if (unbound.length > 0) {
    notes.push(
      `${unbound.length} of ${targets.length} agents have not loaded ${quoted(action.file)} yet; they bind it when it loads. Check the path if it should be loaded.`,
    );
  }
  const failed = targets.filter((target) => target.state === 'failed');
  if (failed.length > 0) notes.push(`${failed.length} of ${targets.length} agents could not take it; see targets.`);
  const falseCount = total(targets, 'condition');
  if (falseCount > 0) notes.push(`The line ran ${falseCount} times with the condition false.`);
  const errors = total(targets, 'error');
  if (errors > 0) notes.push(`The condition could not be evaluated ${errors} times; see lastError in targets.`);
  if (total(targets, 'budget') > 0)
    notes.push('The line is hot: passes were left out to keep within the pause budget, so not every pass was looked at.');
  if (total(targets, 'queue') > 0)
    notes.push(`${total(targets, 'queue')} passes were left out because the agent's queue was full.`);
  return notes;
}

function total(targets: TargetRecord[], reason: 'condition' | 'error' | 'budget' | 'queue'): number {
  return targets.reduce((sum, target) => sum + (target.skipped?.[reason] ?? 0), 0);
}
