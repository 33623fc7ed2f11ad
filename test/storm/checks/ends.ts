import type { Stored } from './rows.ts';
import { must } from './violation.ts';

/** Each replica looks every second for what is past its end. */
const endedMs = 3_000;

/** Where nothing goes wrong, an action ends when its time is up, whether somebody waits for it or not. */
export function checkEnds({ actions }: Stored, now: number): void {
  for (const { id, status, expires_at: expiresAt } of actions)
    must(
      status !== 'pending' || now - expiresAt <= endedMs,
      'an action ends when its time is up',
      () => `${id}, ${now - expiresAt} ms late`,
    );
}
