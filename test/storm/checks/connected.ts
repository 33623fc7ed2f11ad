import type { StormAgent } from '../agents.ts';
import type { Stored } from './rows.ts';
import { must } from './violation.ts';

/** In a calm world a replica looks every five seconds for keys that were revoked elsewhere. */
const turnedOutMs = 16_000;

/** Whoever was welcomed and is still here can be found by the other replicas: the end of an older connection is no end of this one. */
export function checkWrittenDown(agents: readonly StormAgent[], stored: Stored): void {
  for (const { agent, connectedAt, wire, replica } of agents) {
    if (connectedAt === undefined || wire?.isOpen !== true || replica?.state !== 'up') continue;
    const row = stored.agents.find(({ id }) => id === agent.id);
    must(
      row?.replica !== replica.id || row.connected,
      'who is connected is written down',
      () => `${agent.id} is at ${replica.name}, and written down as gone`,
    );
  }
}

/** Where nothing is late and nothing is lost but notes, nobody's connection is given up that works. */
export function checkLeftAlone({ agent, isHonest, connectedAt, shape, replica }: StormAgent, isSilent: boolean): void {
  const isOver = connectedAt === undefined || isSilent || replica?.state !== 'up' || shape.key.revokedAt !== undefined;
  must(!isHonest || isOver, 'a connection that works is left alone', () => `${agent.id} was cut off by ${replica?.name}`);
}

/** A key for agents that is revoked lets nobody in, and nobody stay. */
export function checkTurnedOut(agents: readonly StormAgent[], now: number, calmSince: number | undefined): void {
  for (const { agent, connectedAt, shape } of agents) {
    const { revokedAt } = shape.key;
    if (revokedAt === undefined || connectedAt === undefined || calmSince === undefined) continue;
    const ms = now - Math.max(revokedAt, calmSince);
    must(ms <= turnedOutMs, 'agents of a revoked key are turned out', () => `${agent.id} is still here, ${ms} ms after`);
  }
}
