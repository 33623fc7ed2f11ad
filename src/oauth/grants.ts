import { accountId, readAccountId } from '../identity/people.ts';
import { type Scope, scopes } from '../identity/principal.ts';
import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import type { NoteEvent } from './events.ts';
import type { OAuthRecord, OAuthRecordStore } from './records.ts';

/** What a person let a client do: an app they connected. */
export interface ConnectedApp {
  id: string;
  org: string;
  subject: string;
  clientId: string;
  clientName: string;
  redirectUri: string;
  scopes: Scope[];
  createdAt: number;
  lastUsedAt?: number;
  expiresAt?: number;
}

/** The grants of an organisation, for people and operators. */
export interface Grants {
  /** Newest first; of one person where a subject is given. */
  list(org: string, subject?: string): Promise<ConnectedApp[]>;
  /** Undefined when the organisation has no such grant. */
  find(org: string, id: string): Promise<ConnectedApp | undefined>;
  /** Takes a grant back: its tokens and its consent are gone, calls under way end. False when the organisation has no such grant. */
  revoke(org: string, id: string, facts?: { requestId?: string; address?: string }): Promise<boolean>;
}

const maxListed = 500;

/** Grants over what the authorization server keeps. `ended` is told the id of one that was taken back. */
export function createGrants({
  records,
  clock,
  note,
  ended,
}: {
  records: OAuthRecordStore;
  clock: Clock;
  note: NoteEvent;
  ended(grantId: string): void;
}): Grants {
  async function find(org: string, id: string): Promise<ConnectedApp | undefined> {
    const record = await records.find('Grant', hashToken(id), clock.now());
    const app = record && toApp(record);
    return app?.org === org ? app : undefined;
  }
  return {
    find,
    async list(org, subject) {
      const filter = { org, limit: maxListed, ...(subject !== undefined && { account: accountId({ org, subject }) }) };
      return (await records.list('Grant', filter, clock.now())).flatMap((record) => toApp(record) ?? []);
    },
    async revoke(org, id, facts = {}) {
      const app = await find(org, id);
      if (app === undefined || (await records.removeGrant(id)) === 0) return false;
      ended(id);
      await note({ event: 'grant_revoked', account: accountId(app), clientId: app.clientId, grantId: id, ...facts });
      return true;
    },
  };
}

function toApp({ payload, grantId, account, createdAt, lastUsedAt, expiresAt }: OAuthRecord): ConnectedApp | undefined {
  const person = account === undefined ? undefined : readAccountId(account);
  if (grantId === undefined || person === undefined) return undefined;
  const { clientId, clientName, redirectUri, resources } = payload;
  const granted = Object.values(resources ?? {}).flatMap((scope) => String(scope).split(' '));
  return {
    id: grantId,
    ...person,
    clientId: String(clientId),
    clientName: String(clientName),
    redirectUri: String(redirectUri),
    scopes: scopes.filter((scope) => granted.includes(scope)),
    createdAt,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
