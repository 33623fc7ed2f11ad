import type { AuditStore } from '../audit/record.ts';
import { accountId, type PeopleStore, readAccountId } from '../identity/people.ts';
import { type Scope, scopes } from '../identity/principal.ts';
import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { noteInAudit } from './audit-events.ts';
import type { NoteEvent, OAuthEvent } from './events.ts';
import { type ClientKnown, clientsKnown } from './interactions.ts';
import type { OAuthRecord, OAuthRecordStore } from './records.ts';

/** What a person let a client do: an app they connected. */
export interface ConnectedApp {
  id: string;
  org: string;
  subject: string;
  clientId: string;
  clientName: string;
  known: ClientKnown;
  redirectUri: string;
  scopes: Scope[];
  /** Milliseconds since the epoch, as all instants. */
  createdAt: number;
  lastUsedAt?: number;
  expiresAt?: number;
}

/** Who takes a grant back, and from where; the person it is of where nobody is named. */
export type TakenBack = Pick<OAuthEvent, 'by' | 'requestId' | 'address' | 'client'>;

/** The grants of an organisation, for people and operators. */
export interface Grants {
  /**
   * Newest first, at most `maxListed`; of one person where a subject is given. One without a token is not in use: its code was never
   * redeemed, or all that came of it has ended.
   */
  list(org: string, subject?: string): Promise<ConnectedApp[]>;
  /** Undefined when the organisation has no such grant. */
  find(org: string, id: string): Promise<ConnectedApp | undefined>;
  /**
   * Takes a grant back: its tokens and its consent are gone, calls under way end. False when the organisation has no such grant.
   * Throws `unavailable` when it is done and could not be recorded.
   */
  revoke(org: string, id: string, taken?: TakenBack): Promise<boolean>;
  /** Takes back all that a person granted, in use or not. */
  revokeAll(org: string, subject: string, taken?: TakenBack): Promise<void>;
  /** The same, and their sign-ins under way end with it: nobody goes on as whoever has the name next. */
  forget(org: string, subject: string, taken?: TakenBack): Promise<void>;
}

/** Grants that one list has. */
export const maxListed = 500;

interface GrantsSettings {
  records: OAuthRecordStore;
  clock: Clock;
  log: Log;
  note: NoteEvent;
  /** Told the id of a grant that was taken back. */
  ended(grantId: string): void;
}

/** Grants over what the authorization server keeps. */
export function createGrants({ records, clock, log, note, ended }: GrantsSettings): Grants {
  async function find(org: string, id: string): Promise<ConnectedApp | undefined> {
    const record = await records.find('Grant', hashToken(id), clock.now());
    const app = record && toApp(record);
    return app?.org === org ? app : undefined;
  }

  async function list(org: string, subject: string | undefined, hasToken: boolean): Promise<ConnectedApp[]> {
    const account = subject === undefined ? undefined : accountId({ org, subject });
    const filter = { org, limit: maxListed, hasToken, ...(account !== undefined && { account }) };
    return (await records.list('Grant', filter, clock.now())).flatMap((record) => toApp(record) ?? []);
  }

  async function revoke(org: string, id: string, taken: TakenBack = {}): Promise<boolean> {
    const app = await find(org, id);
    if (app === undefined || (await records.removeGrant(id)) === 0) return false;
    ended(id);
    const { subject, clientId, clientName, known, redirectUri, scopes } = app;
    const before = { person: subject, clientName, known, redirectUri, scopes };
    await note({ event: 'grant_revoked', account: accountId(app), clientId, grantId: id, before, ...taken }).catch(
      (cause: unknown) => {
        log.error(
          { err: cause, grantId: id, by: taken.by?.subject ?? subject },
          'a grant was revoked, and that could not be recorded',
        );
        throw notRecorded(id, cause);
      },
    );
    return true;
  }

  async function revokeAll(org: string, subject: string, taken?: TakenBack): Promise<void> {
    const unrecorded: Refusal[] = [];
    const isGone = ({ id }: ConnectedApp) =>
      revoke(org, id, taken).catch((problem: unknown) => {
        if (!(problem instanceof Refusal)) throw problem;
        return unrecorded.push(problem) > 0; // the others must go too
      });
    for (let gone = true; gone; ) {
      gone = false;
      for (const app of await list(org, subject, false)) gone = (await isGone(app)) || gone;
    }
    if (unrecorded[0] !== undefined) throw unrecorded[0];
  }

  return {
    find,
    revoke,
    list: (org, subject) => list(org, subject, true),
    revokeAll,
    async forget(org, subject, taken) {
      await revokeAll(org, subject, taken);
      await records.removeOfAccount(accountId({ org, subject }));
    },
  };
}

/** Grants over the data alone. Where nothing runs, nobody is told that one was taken back. */
export function storedGrants(
  { oauth: records, people, audit }: { oauth: OAuthRecordStore; people: PeopleStore; audit: AuditStore },
  { clock, log, ended = () => undefined }: { clock: Clock; log: Log; ended?: GrantsSettings['ended'] },
): Grants {
  const accounts = {
    async current(account: string) {
      const named = readAccountId(account);
      return named && people.find(named.org, named.subject);
    },
  };
  return createGrants({ records, clock, log, note: noteInAudit({ audit, accounts, clock }), ended });
}

function toApp({ payload, grantId, account, createdAt, lastUsedAt, expiresAt }: OAuthRecord): ConnectedApp | undefined {
  const person = account === undefined ? undefined : readAccountId(account);
  if (grantId === undefined || person === undefined) return undefined;
  const { clientId, clientName, clientKnown, redirectUri, resources } = payload;
  const granted = Object.values(resources ?? {}).flatMap((scope) => String(scope).split(' '));
  return {
    id: grantId,
    ...person,
    clientId: String(clientId),
    clientName: String(clientName),
    known: clientsKnown.find((how) => how === clientKnown) ?? 'self_registered',
    redirectUri: String(redirectUri),
    scopes: scopes.filter((scope) => granted.includes(scope)),
    createdAt,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

function notRecorded(id: string, cause: unknown): Refusal {
  const refusal = new Refusal({
    code: 'unavailable',
    message: `The app ${id} is disconnected. That could not be recorded in the audit trail.`,
    next: 'See the log and the database of the bridge.',
  });
  return Object.assign(refusal, { cause });
}
