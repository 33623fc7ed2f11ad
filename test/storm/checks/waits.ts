import type { OpenCall } from '../callers.ts';
import { quotas } from '../policies.ts';
import type { Stored } from './rows.ts';
import { must } from './violation.ts';

/** A wait looks by itself every second; whoever is told hears at once. */
const heardMs = 250;

/** Since when each action has had so many hits. */
export class Hits {
  readonly #since = new Map<string, { hits: number; at: number }[]>();

  note({ actions }: Stored, now: number): void {
    for (const { id, hits } of actions) {
      const known = this.#since.get(id) ?? [];
      this.#since.set(id, known);
      if ((known.at(-1)?.hits ?? 0) < hits) known.push({ hits, at: now });
    }
  }

  /** Undefined while it has no more than that. */
  moreThan(id: string, hits: number): number | undefined {
    return this.#since.get(id)?.find((one) => one.hits > hits)?.at;
  }
}

/** In a world in which nothing goes wrong, who waits hears of a hit, and of the end, at once, at whatever replica. */
export function checkWaits(open: ReadonlySet<OpenCall>, hits: Hits, endedAt: ReadonlyMap<string, number>, now: number): void {
  for (const { tool, arguments: asked, startedAt, caller } of open) {
    if (tool !== 'wait_for_hits') continue;
    const id = String(asked.actionId);
    const since = hits.moreThan(id, Number(asked.afterHit)) ?? endedAt.get(id);
    if (since === undefined || now - Math.max(since, startedAt) <= heardMs) continue;
    const running = [...open].filter((other) => other.caller === caller);
    // Else it may stand in line.
    if (running.length > quotas.concurrent_calls) continue;
    must(
      false,
      'a wait hears of it at once',
      () => `${caller.name} waits for ${id}, which was hit or ended ${now - since} ms before`,
    );
  }
}
