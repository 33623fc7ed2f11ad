import type { Adapter, AdapterPayload } from 'oidc-provider';
import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import type { OAuthRecord, OAuthRecordStore } from './records.ts';

/** What the adapter needs of its surroundings. */
export interface AdapterSettings {
  records: OAuthRecordStore;
  clock: Clock;
  /** For so long a refresh token that was used up is served again, five times at most; 0 is strict. */
  refreshOverlapMs: number;
  /** A refresh token was used again within the overlap; whether it was served is told as well. */
  reusedInWindow(record: OAuthRecord, isServed: boolean): void;
  /** A code or a refresh token is asked for that was used up. */
  foundUsed(record: OAuthRecord): void;
  /** A code or a refresh token was used twice: whatever came of it is taken back. */
  reused(record: OAuthRecord): Promise<void>;
  /** The error by which the client hears of it. */
  invalidGrant(reason: string): Error;
}

/** How long a client that registered itself may take until somebody signs in through it. */
export const unusedClientMs = 86_400_000;

/** How often a used refresh token is served again: as many windows of one program as refresh at the same time. */
const maxServedAgain = 5;

/**
 * Storage as oidc-provider asks for it. The id of a token is the token itself, so ids are hashed on their way in and put back on their
 * way out, and secrets of clients are hashed; what a person of the database could read there opens nothing.
 */
export function createAdapter(model: string, settings: AdapterSettings): Adapter {
  const { records, clock, refreshOverlapMs } = settings;

  /** The payload as it was given, with its id where that is known. */
  function restore(record: OAuthRecord, id?: string): AdapterPayload {
    const { payload, consumedAt } = record;
    const restored: AdapterPayload = { ...payload, ...(id !== undefined && idOf(model, id)) };
    if (restored.returnTo !== undefined) restored.returnTo = restored.returnTo.replace(idPlace, id ?? '');
    if (consumedAt === undefined || isServedAgain(consumedAt)) return restored;
    settings.foundUsed(record);
    return { ...restored, consumed: Math.floor(consumedAt / 1000) };
  }

  /** In the overlap a used refresh token passes for unused: several windows of one client share it, and each wants its successor. */
  function isServedAgain(consumedAt: number): boolean {
    return model === 'RefreshToken' && clock.now() < consumedAt + refreshOverlapMs;
  }

  /** Each of the places has a record, which exactly one of many callers can use, over all bridges. */
  async function takePlace({ idHash, grantId, account }: OAuthRecord): Promise<boolean> {
    const now = clock.now();
    for (let place = 0; place < maxServedAgain; place += 1) {
      const name = hashToken(`${idHash} ${place}`);
      const owner = { ...(grantId !== undefined && { grantId }), ...(account !== undefined && { account }) };
      const record = { model: 'ServedAgain', idHash: name, payload: {}, ...owner, createdAt: now };
      if (!(await records.put({ ...record, expiresAt: now + refreshOverlapMs + 1_000 }))) return false;
      if (await records.consume('ServedAgain', name, now)) return true;
    }
    return false;
  }

  return {
    async upsert(id, payload, expiresInSeconds) {
      const record = toRecord(model, id, payload, clock.now(), expiresInSeconds);
      if (!(await records.put(record))) throw settings.invalidGrant('its grant was revoked');
    },
    async find(id) {
      const record = await records.find(model, hashToken(id), clock.now());
      return record && restore(record, id);
    },
    async findByUid(uid) {
      const record = await records.findByUid(model, uid, clock.now());
      return record && restore(record);
    },
    async findByUserCode() {
      return undefined; // codes that people type belong to the device flow, which is off
    },
    async consume(id) {
      const idHash = hashToken(id);
      if (await records.consume(model, idHash, clock.now())) return;
      const record = await records.find(model, idHash, clock.now());
      if (record?.consumedAt !== undefined && isServedAgain(record.consumedAt)) {
        const isServed = await takePlace(record);
        settings.reusedInWindow(record, isServed);
        if (isServed) return;
        throw settings.invalidGrant('it was used too often'); // its grant stays: that is no theft yet
      }
      if (record !== undefined) await settings.reused(record);
      throw settings.invalidGrant('it was used already');
    },
    async destroy(id) {
      await records.remove(model, hashToken(id));
    },
    async revokeByGrantId(grantId) {
      await records.removeGrant(grantId);
    },
  };
}

/** Stands for the id in the URL that an interaction goes on to. */
const idPlace = '{id}';

function idOf(model: string, id: string): AdapterPayload {
  return model === 'Client' ? { client_id: id } : { jti: id };
}

function toRecord(
  model: string,
  id: string,
  { jti: _jti, client_id: _id, ...payload }: AdapterPayload,
  now: number,
  expiresInSeconds?: number,
): OAuthRecord {
  const { client_secret: secret, session, returnTo } = payload;
  const { grantId = model === 'Grant' ? id : undefined, uid } = payload;
  // An interaction names nobody itself, and is somebody's from their sign-in on.
  const accountId = payload.accountId ?? session?.accountId ?? payload.result?.login?.accountId;
  const livesMs = expiresInSeconds === undefined ? unusedClientMs : expiresInSeconds * 1000;
  return {
    model,
    idHash: hashToken(id),
    payload: {
      ...payload,
      ...(secret !== undefined && { client_secret: hashToken(secret) }),
      ...(session !== undefined && { session: { ...session, cookie: undefined } }),
      ...(returnTo !== undefined && { returnTo: returnTo.replace(id, idPlace) }),
    },
    ...(grantId !== undefined && model !== 'Interaction' && { grantId }),
    ...(accountId !== undefined && { account: accountId }),
    ...(model === 'Session' && uid !== undefined && { uid }),
    createdAt: now,
    // Whole seconds, as its own clock counts: what is past its end there is gone here.
    expiresAt: payload.exp === undefined ? now + livesMs : payload.exp * 1000,
  };
}
