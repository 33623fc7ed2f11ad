import { setTimeout as pause } from 'node:timers/promises';
import type { OtherBridge } from '../orders.ts';

/** Another bridge reads its files at once, says by which it decides within four seconds, and is heard within four more. */
const maxHeardMs = 12_000;
const againMs = 500;

/** Waits until all others decide by these policies, or so long that they will not without their files being changed. */
export async function untilHeard(
  hash: string,
  told: readonly OtherBridge[],
  again: () => Promise<readonly OtherBridge[]>,
): Promise<readonly OtherBridge[]> {
  const endsAt = performance.now() + maxHeardMs;
  let others = told;
  while (others.some(({ policyHash }) => policyHash !== hash) && performance.now() < endsAt) {
    await pause(againMs);
    others = await again();
  }
  return others;
}

/** What is known of the bridges beside the one that was asked. */
export function linesOfOthers(hash: string, others: readonly OtherBridge[]): string[] {
  if (others.length === 0) return [];
  const differing = others.filter(({ policyHash }) => policyHash !== hash);
  return [
    `Other bridges on this database: ${others.length}; ${others.length - differing.length} decide by the same policies.`,
    ...differing.map(
      ({ id, host, policyHash }) => `${host || 'A bridge'} (${id}) decides by others: ${policyHash || 'not known yet'}.`,
    ),
    'Each reads its own files. Files that it did not take: sidelight policy status there, and for all: sidelight audit search --org - --event policy_refused.',
  ];
}
