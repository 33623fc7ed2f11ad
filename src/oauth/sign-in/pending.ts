import { randomNonce, randomPKCECodeVerifier } from 'openid-client';
import { accountId, type Person } from '../../identity/people.ts';
import type { Secrets } from '../../identity/secrets.ts';
import { hashToken } from '../../identity/token-form.ts';
import type { Clock } from '../../lib/clock.ts';
import { randomBase62 } from '../../lib/id.ts';
import type { Interaction } from '../interactions.ts';
import type { OAuthRecordStore } from '../records.ts';
import type { Ties } from './company.ts';

/** A sign-in that is under way at the provider. */
export interface PendingSignIn {
  uid: string;
  /** Hash of the cookie of the browser that began it. */
  browser: string;
  client: Interaction['client'];
  ties: Ties;
}

/** Who signed in: `firstSeenAt` tells them from the next one of that name. */
export type SignedIn = Required<Pick<Interaction, 'accountId' | 'firstSeenAt'>>;

/** Sign-ins under way, kept in storage: neither a restart nor another bridge on the same database loses one. */
export interface PendingSignIns {
  begin(sign: Omit<PendingSignIn, 'ties'>): Promise<Ties>;
  /** The one of this state if this browser began it; it is gone then, so that no answer counts twice. */
  end(state: string, browser: string): Promise<PendingSignIn | undefined>;
  /** Notes who signed in, for the page of the interaction that only this browser can open. */
  done(sign: Pick<PendingSignIn, 'uid' | 'browser'>, person: Person): Promise<void>;
  /** Who did; told once. */
  whoSignedIn(uid: string, browser: string): Promise<SignedIn | undefined>;
}

/** As long as an interaction lasts. */
const lifeMs = 600_000;
/** 43 characters of base62 are 256 bits. */
const stateChars = 43;
const sealedFor = 'sign-in';

/** Sign-ins under way over the records of the authorization server. */
export function createPending(records: OAuthRecordStore, secrets: Secrets, clock: Clock): PendingSignIns {
  return {
    async begin({ uid, browser, client }) {
      const ties = { state: randomBase62(stateChars), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const { nonce, verifier } = ties;
      const now = clock.now();
      await records.put({
        ...{ model: 'SignIn', idHash: hashToken(ties.state), createdAt: now, expiresAt: now + lifeMs },
        payload: { uid, browser, client, sealed: secrets.seal(sealedFor, JSON.stringify({ nonce, verifier })) },
      });
      return ties;
    },

    async end(state, browser) {
      const [idHash, now] = [hashToken(state), clock.now()];
      // Looked at before it is taken: whoever got hold of a state cannot spoil the sign-in of somebody else's browser.
      const seen = await records.find('SignIn', idHash, now);
      if (seen?.payload.browser !== browser) return undefined;
      const taken = await records.take('SignIn', idHash, now);
      if (taken === undefined) return undefined;
      const { uid, client, sealed } = taken.payload as { uid: string; client: Interaction['client']; sealed: string };
      const opened = secrets.open(sealedFor, sealed);
      if (opened === undefined) return undefined; // begun under a master secret that is gone
      const { nonce, verifier } = JSON.parse(opened) as Pick<Ties, 'nonce' | 'verifier'>;
      return { uid, browser, client, ties: { state, nonce, verifier } };
    },

    async done({ uid, browser }, person) {
      const [now, account] = [clock.now(), accountId(person)];
      const payload: SignedIn = { accountId: account, firstSeenAt: person.firstSeenAt };
      await records.put({
        ...{ model: 'SignedIn', idHash: hashToken(`${uid} ${browser}`), account, payload: { ...payload } },
        ...{ createdAt: now, expiresAt: now + lifeMs },
      });
    },

    async whoSignedIn(uid, browser) {
      const taken = await records.take('SignedIn', hashToken(`${uid} ${browser}`), clock.now());
      return taken?.payload as SignedIn | undefined;
    },
  };
}
