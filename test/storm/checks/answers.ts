import type { StormAgent } from '../agents.ts';
import type { OpenCall, Outcome } from '../callers.ts';
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

/** A caller is told only of what it may reach, and gets nothing that its role has not. */
export function checkAnswer(call: OpenCall, outcome: Outcome, agents: readonly StormAgent[], now: number): void {
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
  must(caller.role !== 'viewer' || !captures.has(tool), 'a role does only what it may', () => `${caller.name} did ${tool}`);
  const isLate = caller.revokedAt !== undefined && (startedAt > caller.revokedAt || now - caller.revokedAt > underWayMs);
  must(!isLate, 'a revoked key gets no answer', () => `${caller.name} got ${tool}, ${now - (caller.revokedAt ?? now)} ms after`);
}
