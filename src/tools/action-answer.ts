import type { ActionRecord, ListedAction, TargetRecord } from '../actions/action.ts';
import { type Surroundings, verdictOn } from '../actions/explain.ts';
import { passesSeen } from '../actions/finding.ts';
import type { Permit } from '../authorization/authorize.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Outcome } from '../redaction/redact.ts';
import { notesOn } from './action-notes.ts';
import { answerView } from './answer-view.ts';
import { defaultMaxBytes } from './hit-bytes.ts';
import { maxReadChars, readHits } from './read-hits.ts';
import { type Result, resultOf } from './result.ts';
import type { CallContext, Services } from './tool.ts';

/** Targets listed one by one in an answer. */
const maxListedTargets = 20;

/** The answer about one action with its hits after `afterHit`: all of them where they fit into `maxBytes`, else a summary. */
export async function answerOf(
  context: CallContext,
  action: ActionRecord,
  afterHit: number,
  notes: string[] = [],
  maxBytes = defaultMaxBytes,
): Promise<Outcome> {
  const { hits, last } = await context.latency.measure('read', () => hitsOf(context, action, afterHit));
  context.note({ hits: hits.length });
  const first = action.targets.find((target) => target.at?.[0] !== undefined)?.at?.[0];
  const seen = hits.at(-1)?.number ?? afterHit;
  const result = resultOf(action, context.services.policies().redaction);
  const surroundings = await surroundingsOf(context.services, action);
  const isEmpty = hits.length === 0 && action.hits === 0 && (result === undefined || result.count === 0);
  return {
    structured: {
      actionId: action.id,
      investigation: action.investigation,
      status: action.status,
      ...(action.statusReason === undefined ? {} : { statusReason: action.statusReason }),
      requested: { file: action.file, line: action.line },
      ...(first === undefined ? {} : { bound: first }),
      hitCount: action.hits,
      maxHits: action.maxHits,
      expiresAt: new Date(action.expiresAt).toISOString(),
      ...(isEmpty ? { verdict: verdictOn(action, surroundings) } : {}),
      ...(result === undefined ? {} : { result }),
      targets: action.targets.slice(0, maxListedTargets).map((target) => describeTarget(action, target)),
      moreTargets: Math.max(0, action.targets.length - maxListedTargets),
      notes: [...hiddenNumbers(action, result), ...notesOn(action, surroundings), ...notes],
    },
    view: answerView({ action, hits, ...(last === undefined ? {} : { last }), afterHit, maxBytes }),
    ...(action.status === 'pending'
      ? {
          next: {
            tool: 'wait_for_hits',
            why: 'The action is still placed and may yet be hit.',
            arguments: { actionId: action.id, afterHit: seen },
          },
        }
      : {}),
  };
}

/** As many hits as are read for one answer, and the last one where that is not among them. */
async function hitsOf(context: CallContext, action: ActionRecord, afterHit: number) {
  // What has come since is for the next answer: this one says how many there are.
  const hits = await readHits(context, action, { after: afterHit, until: action.hits, maxChars: maxReadChars });
  const seen = hits.at(-1)?.number ?? action.hits;
  if (seen >= action.hits) return { hits };
  const [last] = await readHits(context, action, { after: action.hits - 1, maxChars: maxReadChars });
  return { hits, last };
}

function hiddenNumbers({ kind }: ActionRecord, result: Result | undefined): string[] {
  const isHidden = kind === 'metric' && result !== undefined && result.count > 0 && result.min === undefined;
  return isHidden ? ['The numbers are not shown: the redaction policy hides what the expression reads.'] : [];
}

/** What the bridge knows of an organisation's agents beside an action. */
export async function surroundingsOf(services: Services, { org, targets }: ActionRecord): Promise<Surroundings> {
  const agents = await services.connected(org, { agentIds: targets.map(({ agentId }) => agentId) });
  const connected = new Set(agents.map(({ id }) => id));
  return { isConnected: (id) => connected.has(id), isPaused: services.actions.pauses.isOn(org) };
}

/** The action by its handle, when the caller may reach it; otherwise it does not exist for them. */
export async function findAction(context: CallContext, permit: Permit, id: string, field = 'actionId'): Promise<ActionRecord> {
  const action = await context.services.actions.store.get(permit.principal.org, id);
  if (action !== undefined && maySee(permit, action)) return action;
  throw new Refusal({
    code: 'not_found',
    message: `There is no action ${id}.`,
    field,
    next: 'Call list_actions to see the actions there are.',
  });
}

/** One's own actions, and others' when every agent they are on may be reached. */
export function maySee(permit: Permit, action: ListedAction): boolean {
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
    ...(passes === undefined ? {} : { passes: { ...passes, seen: passesSeen(target) } }),
    ...(skipped === undefined ? {} : { skipped }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(message === undefined ? {} : { message }),
  };
}
