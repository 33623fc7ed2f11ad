import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import type { OAuthRecordStore } from './records.ts';

/**
 * Clients of the v1 SDK cannot ask for more while they hold a refresh token: on a 403 they refresh, try again and give up. So the next
 * refresh of that grant is refused and nothing is used up: the client drops its tokens and asks for authorization, with the scopes of
 * the challenge. For this long after the challenge; a client that refreshes later does so for another reason.
 */
const assistMs = 15_000;
const model = 'StepUp';

/** Notes that the holder of this grant was asked for more scopes. */
export async function noteStepUp(records: OAuthRecordStore, grantId: string, clock: Clock): Promise<void> {
  const now = clock.now();
  await records.put({ model, idHash: hashToken(grantId), payload: {}, grantId, createdAt: now, expiresAt: now + assistMs });
}

/** Whether the holder of this grant was just asked for more scopes; true once. */
export async function takeStepUp(records: OAuthRecordStore, grantId: string | undefined, clock: Clock): Promise<boolean> {
  if (grantId === undefined) return false;
  return (await records.take(model, hashToken(grantId), clock.now())) !== undefined;
}
