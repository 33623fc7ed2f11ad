import type { ActionRecord, TargetRecord } from '../actions/action.ts';
import { explain, type Surroundings } from '../actions/explain.ts';
import type { Permit } from '../authorization/authorize.ts';
import type { HitRecord, HitStore } from '../hits/hit.ts';
import { Refusal } from '../lib/refusal.ts';
import type { LogLevel } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { parseTemplate } from '../protocol/template.ts';
import type { Outcome } from '../redaction/redact.ts';
import { notesOn } from './action-notes.ts';
import { type Result, resultOf } from './result.ts';
import type { CallContext, Services } from './tool.ts';

/** Targets listed one by one in an answer. */
const maxListedTargets = 20;

/**
 * Characters of hits in one answer: a model reads the fenced text, which ends at 200,000, and one answer must not hold the
 * bridge. One hit is always whole; it has at most `limits.maxHitBytes`.
 */
const maxHitChars = 160_000;
/** Hits read at first; how many more is worth reading at a time follows from their size. */
const firstPage = 4;

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
  const log = logOf(action);
  const result = resultOf(action, context.services.policies().redaction);
  const isEmpty = hits.length === 0 && action.hits === 0 && (result === undefined || result.count === 0);
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
      ...(isEmpty ? { verdict: verdictOn(context, action) } : {}),
      ...(result === undefined ? {} : { result }),
      ...(log === undefined ? { hits } : { messages: hits.map((hit) => ({ ...hit, log })) }),
      targets: action.targets.slice(0, maxListedTargets).map((target) => describeTarget(action, target)),
      moreTargets: Math.max(0, action.targets.length - maxListedTargets),
      notes: [
        ...full,
        ...hiddenNumbers(action, result),
        ...notesOn(action, surroundingsOf(context.services, action.org)),
        ...notes,
      ],
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

function hiddenNumbers({ kind }: ActionRecord, result: Result | undefined): string[] {
  const isHidden = kind === 'metric' && result !== undefined && result.count > 0 && result.min === undefined;
  return isHidden ? ['The numbers are not shown: the redaction policy hides what the expression reads.'] : [];
}

/** The likeliest reason why there is nothing yet, and what to do about it. */
function verdictOn({ services }: CallContext, action: ActionRecord) {
  const { code, verdict, next } = explain(action, surroundingsOf(services, action.org));
  return { code, verdict, next };
}

/** What the bridge knows of an organisation's agents beside an action. */
export function surroundingsOf({ actions }: Services, org: string): Surroundings {
  const connected = new Set(actions.hub.agents(org).map(({ id }) => id));
  return { isConnected: (id) => connected.has(id), isPaused: actions.pauses.isOn(org) };
}

/** What is needed to write a logpoint's lines: the caller's own template, because an agent's words are data. */
function logOf({ log }: ActionRecord): { level: LogLevel; texts: string[] } | undefined {
  if (log === undefined) return undefined;
  const parsed = parseTemplate(log.template);
  return { level: log.level, texts: parsed.ok ? parsed.texts : [] };
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
  const { agentId, agentName, service, state, hits, at, skipped, engine, passes, lastError, message } = target;
  return {
    agentId,
    agentName,
    service,
    // An agent's last word can be later than the answer.
    state: action.status !== 'pending' && (state === 'armed' || state === 'pending') ? 'removing' : state,
    hits,
    ...(at === undefined ? {} : { bound: at, moved: at.some((place) => place.line !== action.line) }),
    ...(engine === undefined ? {} : { engine }),
    ...(passes === undefined ? {} : { passes }),
    ...(skipped === undefined ? {} : { skipped }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(message === undefined ? {} : { message }),
  };
}
