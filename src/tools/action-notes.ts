import type { ActionRecord, TargetRecord } from '../actions/action.ts';
import type { Surroundings } from '../actions/explain.ts';
import { isHeldUp } from '../actions/held-up.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import { quoted } from '../redaction/words.ts';

/** What a reader would otherwise have to guess: moved lines, files not loaded, conditions that never held, what was not counted. */
export function notesOn(action: ActionRecord, { isConnected, isPaused }: Surroundings): string[] {
  const { targets } = action;
  const notes = [...notesOnPlaces(action), ...notesOnAbsence(action, isConnected, isPaused)];
  const failed = targets.filter((target) => target.state === 'failed');
  if (failed.length > 0) notes.push(`${failed.length} of ${targets.length} agents could not take it; see targets.`);
  const falseCount = total(targets, 'condition');
  if (falseCount > 0) notes.push(`The line ran ${falseCount} times with the condition false.`);
  const errors = total(targets, 'error');
  if (errors > 0) notes.push(`The condition could not be evaluated ${errors} times; see lastError in targets.`);
  return [...notes, ...notesOnSampling(action)];
}

/** What an agent does not see any more is missing from what was counted, and nothing else would say so. */
function notesOnAbsence({ targets }: ActionRecord, isConnected: Surroundings['isConnected'], isPaused: boolean): string[] {
  const open = targets.filter(({ state }) => state === 'armed' || state === 'pending' || state === 'suspended');
  const gone = open.filter(({ agentId }) => !isConnected(agentId));
  const away = open.filter(({ agentId, state }) => state === 'suspended' && isConnected(agentId));
  return [
    ...(gone.length === 0
      ? []
      : [`${gone.length} of ${targets.length} agents are not connected any more: what their programs did since is not in here.`]),
    ...(away.length === 0
      ? []
      : [`${away.length} of ${targets.length} agents have taken the probe off for now: nothing is seen there meanwhile.`]),
    ...(isPaused ? ['An operator has paused all agents; `sidelight agents resume` ends that.'] : []),
  ];
}

function notesOnPlaces({ targets, line, file, expectLine }: ActionRecord): string[] {
  const notes: string[] = [];
  const moved = targets.flatMap((target) => target.at ?? []).find((place) => place.line !== line);
  if (moved !== undefined) {
    notes.push(
      expectLine === undefined
        ? `Line ${line} holds no statement; bound to line ${moved.line} instead.`
        : `The expected text has moved from line ${line}; bound to line ${moved.line}, where it stands now.`,
    );
  }
  const hashes = new Set(targets.flatMap((target) => target.at ?? []).flatMap(({ sourceHash }) => sourceHash ?? []));
  if (hashes.size > 1)
    notes.push(`The agents run ${hashes.size} different versions of ${quoted(file)}; see sourceHash in targets.`);
  const unbound = targets.filter((target) => target.state === 'pending');
  if (unbound.length > 0) {
    notes.push(
      `${unbound.length} of ${targets.length} agents have not loaded ${quoted(file)} yet; they bind it when it loads. Check the path if it should be loaded.`,
    );
  }
  return notes;
}

function notesOnSampling(action: ActionRecord): string[] {
  const { targets } = action;
  const notes: string[] = [];
  const sampled = targets.filter(({ passes, skipped }) => (passes?.awayMs ?? 0) > 0 || (skipped?.budget ?? 0) > 0);
  if (sampled.length > 0) {
    const what = recordsHits(action) ? 'not every pass was looked at' : 'not every pass was counted';
    notes.push(`The line is hot: the probe was away at times to keep within its budget, so ${what}${estimateOf(sampled)}.`);
  }
  if (targets.some(({ passes }) => passes !== undefined && isHeldUp(passes)))
    notes.push(
      'The probe itself slowed the line while it looked: the true number of passes can be far above the estimate, and what was read is of the first passes of each burst. Files named in SIDELIGHT_INSTRUMENT are counted exactly.',
    );
  const trips = targets.reduce((sum, { passes }) => sum + (passes?.trips ?? 0), 0);
  if (trips > 0) notes.push('A breaker took the probe away because one pause was far too long.');
  if (total(targets, 'queue') > 0)
    notes.push(`${total(targets, 'queue')} passes were left out because the agent's queue was full.`);
  if (total(targets, 'rate') > 0) notes.push(`${total(targets, 'rate')} lines were left out to keep to the lines a second.`);
  return notes;
}

/** `passes.estimate` is of all passes, whatever the condition. */
function estimateOf(targets: TargetRecord[]): string {
  const met = targets.flatMap(({ passes }) => (passes?.estimate === undefined ? [] : [passes]));
  if (met.length === 0) return '';
  const seen = met.reduce((sum, passes) => sum + passes.seen, 0);
  const count = met.reduce((sum, { estimate }) => sum + (estimate?.count ?? 0), 0);
  const error = Math.ceil(Math.hypot(...met.map(({ estimate }) => estimate?.error ?? 0)));
  return `: ${seen} of about ${count} ± ${error} passes (95 % interval)`;
}

function total(targets: TargetRecord[], reason: 'condition' | 'error' | 'budget' | 'queue' | 'rate'): number {
  return targets.reduce((sum, target) => sum + (target.skipped?.[reason] ?? 0), 0);
}
