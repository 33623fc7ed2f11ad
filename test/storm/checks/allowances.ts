import type { Caller } from '../callers.ts';
import { quotas } from '../policies.ts';
import type { Stored, StoredAction } from './rows.ts';
import { must } from './violation.ts';

const hourMs = 3_600_000;
const goneStates: ReadonlySet<string> = new Set(['failed', 'expired', 'removed']);

/** Callers never get more than their allowances, counted here from the rows of what was placed and hit. */
export function checkAllowances(
  { actions, hits, counters }: Stored,
  callers: readonly Caller[],
  skewMs: number,
  now: number,
): void {
  for (const action of actions) {
    const own = hits.filter((hit) => hit.action === action.id);
    must(own.length === action.hits, 'hits are counted', () => `${action.id} says ${action.hits} of ${own.length}`);
    must(
      own.length <= action.max_hits,
      'no action has more hits than it may',
      () => `${action.id}: ${own.length} of ${action.max_hits}`,
    );
    const numbers = own.map((hit) => hit.number).sort((a, b) => a - b);
    must(
      numbers.every((number, index) => number === index + 1),
      'hits are numbered',
      () => `${action.id}: ${numbers.join()}`,
    );
    const once = new Set(own.map((hit) => `${hit.agent} ${hit.agent_hit}`));
    must(once.size === own.length, 'a hit is stored once', () => action.id);
    for (const agent of new Set(own.map((hit) => hit.agent))) {
      const given = own.filter((hit) => hit.agent === agent).length;
      const share = action.max_hits_per_agent ?? action.max_hits;
      must(given <= share, 'no agent gives more hits than it may', () => `${agent} of ${action.id}: ${given} of ${share}`);
    }
  }
  const live = actions.filter((action) => action.status === 'pending');
  for (const action of live) {
    // Whatever lives now and was there before lived when this one was placed.
    const before = live.filter(
      (other) =>
        other.org === action.org &&
        other.created_at < action.created_at - skewMs &&
        other.expires_at > action.created_at + skewMs,
    );
    const mine = before.filter((other) => other.principal === action.principal);
    const same = mine.filter((other) => other.investigation === action.investigation);
    const most = (have: StoredAction[], limit: number, what: string) =>
      must(have.length < limit, `concurrent actions per ${what}`, () => `${action.id} is one more than ${limit}`);
    most(before, quotas.concurrent_actions_per_org, 'org');
    most(mine, quotas.concurrent_actions_per_principal, 'principal');
    most(same, quotas.concurrent_actions_per_investigation, 'investigation');
  }
  const onAgents = new Map<string, number>();
  for (const action of live) {
    if (action.expires_at <= now + skewMs) continue;
    for (const { agent, state } of action.targets)
      if (!goneStates.has(state)) onAgents.set(agent, (onAgents.get(agent) ?? 0) + 1);
  }
  for (const [agent, count] of onAgents)
    must(count <= quotas.concurrent_actions_per_agent, 'concurrent actions per agent', () => `${agent} has ${count}`);
  checkInvestigations(actions);
  for (const counter of counters) {
    const limit = (quotas as Record<string, number>)[counter.quota];
    if (limit !== undefined)
      must(
        counter.used <= limit,
        'a quota per hour',
        () => `${counter.quota} of ${counter.subject}: ${counter.used} of ${limit}`,
      );
  }
  for (const { org, keyId } of callers) checkHitsPerHour(`key:${keyId}`, org, actions, counters);
}

/** Hits it has, and those it may still get. */
function reserved({ status, kind, duration, hits, max_hits: most }: StoredAction): number {
  const isCaptured = kind === 'snapshot' || kind === 'logpoint' || duration?.thresholdMs !== undefined;
  return status === 'failed' || (status !== 'pending' && isCaptured) ? hits : most;
}

function checkInvestigations(actions: StoredAction[]): void {
  const sums = new Map<string, number>();
  for (const action of actions) {
    const key = `${action.org} ${action.principal} ${action.investigation}`;
    sums.set(key, (sums.get(key) ?? 0) + (action.status === 'pending' ? action.max_hits : action.hits));
  }
  for (const [key, sum] of sums)
    must(
      sum <= quotas.hits_per_investigation,
      'hits of an investigation',
      () => `${key}: ${sum} of ${quotas.hits_per_investigation}`,
    );
}

/** Every answer was paid for. */
export function checkCharged(answered: ReadonlyMap<string, number>, callers: readonly Caller[], { counters }: Stored): void {
  for (const { org, keyId, name } of callers) {
    const paid = counters
      .filter((one) => one.org === org && one.subject === `key:${keyId}` && one.quota === 'calls_per_hour')
      .reduce((sum, { used }) => sum + used, 0);
    const got = answered.get(keyId) ?? 0;
    must(got <= paid, 'every answer is charged', () => `${name} got ${got} and paid for ${paid}`);
  }
}

/** What is counted is what was placed: nothing free, and nothing lost. */
function checkHitsPerHour(subject: string, org: string, actions: StoredAction[], counters: Stored['counters']): void {
  const own = actions.filter((action) => action.org === org && action.principal === subject);
  const hours = new Set([
    ...own.map((action) => Math.floor(action.created_at / hourMs) * hourMs),
    ...counters.filter((counter) => counter.subject === subject).map((counter) => counter.start),
  ]);
  for (const hour of hours) {
    const sum = own
      .filter((action) => Math.floor(action.created_at / hourMs) * hourMs === hour)
      .reduce((total, action) => total + reserved(action), 0);
    const is = (counter: Stored['counters'][number]) =>
      counter.org === org && counter.subject === subject && counter.quota === 'hits_per_hour' && counter.start === hour;
    const counted = counters.find(is)?.used ?? 0;
    must(sum === counted, 'hits per hour are what was placed', () => `${subject}: counted ${counted}, placed ${sum}`);
  }
}
