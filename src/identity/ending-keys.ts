import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { daysLeft, warnedDays } from './key-state.ts';
import type { KeyStore } from './keys.ts';

const dayMs = 86_400_000;

/** Tells the log of every key that ends within 14 days and that nothing replaces, once a day each however often it is asked. */
export function createEndingKeys({ keys, clock, log }: { keys: Pick<KeyStore, 'endingBy'>; clock: Clock; log: Log }) {
  let toldOn = new Map<string, number>();
  return async (): Promise<void> => {
    const now = clock.now();
    const today = Math.floor(now / dayMs);
    const told = new Map<string, number>();
    for (const { id, org, name, owner, expiresAt } of await keys.endingBy(now + warnedDays * dayMs, now)) {
      told.set(id, today);
      if (toldOn.get(id) === today) continue;
      const facts = {
        keyId: id,
        org,
        name,
        owner,
        endsAt: new Date(expiresAt).toISOString(),
        daysLeft: daysLeft(expiresAt, now),
      };
      log.warn(facts, 'a key ends soon; rotate it before that');
    }
    toldOn = told;
  };
}
