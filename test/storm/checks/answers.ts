import type { StormAgent } from '../agents.ts';
import type { OpenCall, Outcome } from '../callers.ts';
import type { StoredAction } from './rows.ts';
import { must } from './violation.ts';

const captures: ReadonlySet<string> = new Set([
  'take_snapshot',
  'add_log',
  'count_hits',
  'measure_duration',
  'measure_value',
  'cancel_actions',
  'locate',
]);
/** A key that is revoked ends with its next request; an answer that was confirmed before may be so long on its way, by a slow database. */
const underWayMs = 25_000;

/** A caller is told only of what it may reach, and gets nothing that its role has not, or that nobody has just now. */
export function checkAnswer(
  call: OpenCall,
  outcome: Outcome,
  agents: readonly StormAgent[],
  actions: readonly StoredAction[],
  now: number,
): void {
  if (!('answer' in outcome)) return;
  const { caller, tool, startedAt } = call;
  const { answer } = outcome;
  for (const { agent, shape, host } of agents) {
    if (shape.org === caller.org && (caller.pool ?? shape.pool) === shape.pool) continue;
    for (const name of [agent.id, host])
      must(
        !answer.text.includes(name),
        'a caller sees only what it reaches',
        () => `${caller.name} saw ${name} by ${tool}: ${answer.text.slice(0, 300)}`,
      );
  }
  if (answer.isError) return;
  for (const { id, org } of actions) {
    // What was asked for by name and is not there may be said so by name.
    if (org === caller.org || !JSON.stringify(answer.structured).includes(id)) continue;
    must(
      isRefusedByName(answer.structured, id),
      'a caller sees only what it reaches',
      () => `${caller.name} saw ${id} by ${tool}`,
    );
  }
  must(call.wasExposed, 'a denied tool gives no answer', () => `${caller.name} got ${tool}`);
  must(caller.role !== 'viewer' || !captures.has(tool), 'a role does only what it may', () => `${caller.name} did ${tool}`);
  const isLate = caller.revokedAt !== undefined && (startedAt > caller.revokedAt || now - caller.revokedAt > underWayMs);
  must(!isLate, 'a revoked key gets no answer', () => `${caller.name} got ${tool}, ${now - (caller.revokedAt ?? now)} ms after`);
}

/** Whether all that an answer says of an action is an error. */
function isRefusedByName({ actions }: Record<string, unknown>, id: string): boolean {
  if (!Array.isArray(actions)) return false;
  const about = actions.filter((one: { actionId?: string }) => one.actionId === id);
  return about.length > 0 && about.every((one: { error?: unknown }) => one.error !== undefined);
}
