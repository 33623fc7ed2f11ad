import { recordsHits } from '../protocol/records-hits.ts';
import type { ActionRecord, TargetRecord } from './action.ts';
import { addUp } from './add-up.ts';
import { type Finding, type FindingCode, findingOn } from './finding.ts';

/** Why an action has, or has not, got what it asked for. */
export interface Explanation {
  code: VerdictCode;
  /** One sentence. */
  verdict: string;
  /** What each agent met, in sentences; the agent's own words are quoted. */
  evidence: { agentId: string; agentName: string; code: FindingCode; facts: string[] }[];
  /** What to do now, in one sentence. */
  next: string;
}

/** Why there is nothing, in short. */
export type Verdict = Pick<Explanation, 'code' | 'verdict' | 'next'> & Pick<TargetRecord, 'lastError'>;

export type VerdictCode = FindingCode | 'no-agents' | 'paused';

/** What the bridge knows beside the action itself. */
export interface Surroundings {
  /** Whether an agent is connected now. */
  isConnected(agentId: string): boolean;
  /** An operator has paused all agents. */
  isPaused: boolean;
}

/**
 * What several agents met, the most telling first: who came nearest to a hit tells most of why there is none, and who could not
 * take the action tells more than who still waits for its file.
 */
const telling: readonly FindingCode[] = [
  'hits',
  'condition-failed',
  'condition-false',
  'below-threshold',
  'not-a-number',
  'unfinished',
  'queue-full',
  'rate-limited',
  'breaker',
  'sampled-out',
  'never-reached',
  'just-armed',
  'line-moved',
  'failed',
  'suspended',
  'not-loaded',
  'offline',
  'ended',
];

const nextSteps: Record<VerdictCode, string> = {
  hits: 'Read what came; wait_for_hits gives more as it comes.',
  'condition-failed': 'Correct the condition: its lastError says what failed. Guard what may be undefined with ?. or &&.',
  'condition-false': 'Loosen the condition, or count the line without one to see what passes there.',
  'below-threshold': 'Lower the threshold below the longest duration seen.',
  'not-a-number': 'Choose an expression that is a finite number on this line.',
  unfinished: 'Choose an end that every span reaches, or measure the whole function.',
  'queue-full': 'Ask for less: a stricter condition, fewer actions at a time, or a smaller depth.',
  'rate-limited': 'Add a condition that picks the passes you mean, or allow more lines a second.',
  breaker: 'Choose a line that runs less often, or ask for less: no deep values, a counter instead of snapshots.',
  'sampled-out': 'Wait longer, or choose a line that runs less often.',
  'just-armed': 'Wait for it: wait_for_hits answers as soon as there is something.',
  'never-reached':
    'Check that the code is used at all: count an earlier line of the caller, then come nearer. Worker threads are seen only where the agent runs with SIDELIGHT_WORKER_THREADS=1.',
  'line-moved': 'Find the line in the deployed source with locate, and place the action there.',
  failed: 'Correct what the agent names, or choose another file, line or agent.',
  suspended: 'Wait until the agent is back in touch, then look again.',
  'not-loaded':
    'Check the path: locate with the name of a function in it tells where that is loaded. Code of vm contexts is not seen. Else wait until the program loads the file.',
  offline: 'Call list_sources to see what is connected.',
  ended: 'Place it again, with a longer timeoutSeconds.',
  'no-agents': 'Call list_sources to see what is connected, and place it again.',
  paused: 'Ask the operator; `sidelight agents resume` ends the pause.',
};

/** One verdict on an action, what each agent met, and what to do next. Looks at nothing but what it is given. */
export function explain(action: ActionRecord, surroundings: Surroundings): Explanation {
  const { isConnected } = surroundings;
  const findings = action.targets.map((target) => findingOn(action, target, isConnected(target.agentId)));
  const evidence = action.targets.map(({ agentId, agentName }, index) => ({
    agentId,
    agentName,
    code: findings[index]?.code ?? 'ended',
    facts: findings[index]?.facts ?? [],
  }));
  const { code, verdict } = verdictOf(action, findings, surroundings);
  const next = findings.find((finding) => finding.code === code)?.next ?? nextSteps[code];
  return { code, verdict, evidence, next };
}

/** What the last error of an agent belongs to. */
const failing: readonly VerdictCode[] = ['condition-failed', 'not-a-number'];

/** The verdict alone, with the last error of what fails: apart from our sentence, because it is the agent's words. */
export function verdictOn(action: ActionRecord, surroundings: Surroundings): Verdict {
  const { code, verdict, evidence, next } = explain(action, surroundings);
  const told = evidence.findIndex((one) => one.code === code);
  const lastError = failing.includes(code) ? action.targets[told]?.lastError : undefined;
  return { code, verdict, ...(lastError === undefined ? {} : { lastError }), next };
}

function verdictOf(
  action: ActionRecord,
  findings: Finding[],
  { isConnected, isPaused }: Surroundings,
): { code: VerdictCode; verdict: string } {
  const told = telling.map((code) => findings.filter((finding) => finding.code === code)).find((some) => some.length > 0);
  const first = told?.[0];
  if (recordsHits(action) && action.hits > 0)
    return { code: 'hits', verdict: `It has ${action.hits} of ${action.maxHits} hits${endOf(action)}.` };
  if (first === undefined) return { code: 'no-agents', verdict: 'No agent that fits the source is, or was, connected.' };
  if (isPaused && action.status === 'pending' && first.code !== 'hits')
    return { code: 'paused', verdict: 'An operator has paused all agents, so nothing is observed.' };
  const alike = action.targets.filter((_, index) => isAlike(findings[index], first));
  const all = findings.length;
  const many = all === 1 ? '' : ` (${alike.length} of ${all} agents)`;
  return { code: first.code, verdict: `${sentenceOf(action, alike, first, isConnected)}${many}${endOf(action)}.` };
}

/** Whether one sentence can speak of both: it is the same, or differs in its number only. */
function isAlike(one: Finding | undefined, other: Finding): boolean {
  if (one?.code !== other.code) return false;
  return one.isCounted === true ? other.isCounted === true : one.sentence === other.sentence;
}

function sentenceOf(
  action: ActionRecord,
  alike: TargetRecord[],
  { sentence, isCounted }: Finding,
  isConnected: Surroundings['isConnected'],
): string {
  const [first, ...others] = alike;
  if (first === undefined || others.length === 0 || isCounted !== true) return sentence;
  return findingOn(action, addUp([first, ...others]), isConnected(first.agentId)).sentence;
}

function endOf({ status }: ActionRecord): string {
  if (status === 'expired') return '; its time is up';
  return status === 'cancelled' ? '; it was cancelled' : '';
}
