import type { StormAgent } from '../agents.ts';
import type { Caller } from '../callers.ts';
import type { Stored, StoredAction } from './rows.ts';
import { must } from './violation.ts';

/** A frame is good for half a minute, and one that was sent at the end of an action gives it at least a moment. */
const signedForMs = 31_000;
/** Where nothing goes wrong at all, agents are told of an end as soon as it is written. */
const atOnceMs = 250;
/** In a calm world an agent that is connected is told at once, or found within two rounds. */
const calmMs = 16_000;

export interface Probing {
  stored: Stored;
  agents: readonly StormAgent[];
  callers: readonly Caller[];
  now: number;
  /** Furthest that a clock was off. */
  skewMs: number;
  /** Since when nothing goes wrong; undefined while something does. */
  calmSince: number | undefined;
  /** Nothing ever goes wrong in it. */
  isCalm: boolean;
  /** When an action was first seen ended. */
  endedAt: ReadonlyMap<string, number>;
}

/** What is armed on agents was placed by somebody who reaches them, and goes when its time is up or it has ended. */
export function checkProbes({ stored, agents, callers, now, skewMs, calmSince, isCalm, endedAt }: Probing): void {
  if (agents.every(({ agent }) => agent.probes.armed === 0)) return;
  const byId = new Map(stored.actions.map((action) => [action.id, action]));
  for (const { agent, shape, connectedAt, isHonest } of agents) {
    for (const [id, probe] of agent.probes.states) {
      if (probe.state !== 'armed') continue;
      const action = byId.get(id);
      if (action === undefined) {
        must(false, 'what is armed was placed', () => `${id} on ${agent.id}`);
        continue;
      }
      must(
        mayBeOn(action, shape, callers),
        'an action is only where its placer reaches',
        () => `${id} of ${action.principal} on ${agent.id}`,
      );
      const lateMs = now - action.expires_at;
      must(lateMs <= signedForMs + skewMs, 'nothing is armed after its time', () => `${id} on ${agent.id}, ${lateMs} ms late`);
      const ended = endedAt.get(id);
      if (ended === undefined || connectedAt === undefined) continue;
      const toldMs = now - Math.max(ended, connectedAt);
      // Who lies is cut off now and then, and heard behind what it said.
      if (isCalm && isHonest)
        must(toldMs <= atOnceMs, 'what has ended is taken off at once', () => `${id} on ${agent.id}, ${toldMs} ms after`);
      if (calmSince === undefined) continue;
      const since = Math.max(ended, calmSince, connectedAt);
      must(now - since <= calmMs, 'what has ended is taken off', () => `${id} on ${agent.id}, ${now - since} ms after`);
    }
  }
}

function mayBeOn(action: StoredAction, shape: StormAgent['shape'], callers: readonly Caller[]): boolean {
  const placer = callers.find(({ org, keyId }) => org === action.org && `key:${keyId}` === action.principal);
  const { pool, service } = action.source;
  const ownService = shape.kind === 'leaky' ? 'sign-in' : 'checkout';
  return (
    placer !== undefined &&
    placer.role !== 'viewer' &&
    placer.org === shape.org &&
    (placer.pool ?? shape.pool) === shape.pool &&
    (pool ?? shape.pool) === shape.pool &&
    (service ?? ownService) === ownService
  );
}
