import type { Context } from 'koa';
import { defaultOrg } from '../../identity/issue.ts';
import { accountId, type PeopleStore, type Person, readAccountId } from '../../identity/people.ts';
import { type Role, roles } from '../../identity/principal.ts';
import { savePerson } from '../../identity/save-person.ts';
import { localIssuer } from '../../identity/standing.ts';
import { hashToken } from '../../identity/token-form.ts';
import type { Clock } from '../../lib/clock.ts';
import { randomBase62 } from '../../lib/id.ts';
import { isLoopbackConnection, isLoopbackName } from '../../lib/loopback.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { OAuthRecord, OAuthRecordStore } from '../records.ts';
import { readCookie, setCookie } from './browser.ts';
import type { NoteSignIn, Origins } from './events.ts';

/** Somebody a link makes of the browser that opens it. */
export interface LocalName {
  name: string;
  role: Role;
}

/** The provider built in. It knows no passwords: a link from the terminal makes one browser somebody, once. */
export interface LocalProvider {
  /**
   * A link that works once within an hour; for `operator` with the highest role that signs in, unless said otherwise. Refuses with
   * `invalid_input` a name that is none, or a role that does not sign in.
   */
  link(who?: { name?: string | undefined; role?: string | undefined }): Promise<string>;
  /** Whom a link's ticket stands for, and takes nothing; undefined when it was used or is too old. */
  whose(ticket: string): Promise<LocalName | undefined>;
  /** Takes a link's ticket, and makes this browser the person it stands for; undefined when it was used or is too old. */
  open(ctx: Context, ticket: string, about: Origins): Promise<Person | undefined>;
  /** Who this browser was made, as long as no client was signed in with that. */
  whoIs(ctx: Context): Promise<Person | undefined>;
  /** The same for this interaction, and for no other from then on. */
  signIn(ctx: Context, uid: string): Promise<Person | undefined>;
  /** Refuses with `not_found` whoever does not sit at this machine. */
  requireLoopback(ctx: Context): void;
}

interface LocalSettings {
  people: PeopleStore;
  records: OAuthRecordStore;
  clock: Clock;
  note: NoteSignIn;
  publicOrigin(): string;
  /** Roles that may sign in at all. */
  allowed: readonly Role[];
}

const ticketMs = 3_600_000;
/**
 * Browsers give a cookie of ours to every port of this computer that they are led to, whoever listens there. So it is good for one
 * sign-in, soon: what is caught later is worth nothing, and what is caught before is missed by the person it was meant for.
 */
const sessionSeconds = 600;
/** 43 characters of base62 are 256 bits. */
const secretChars = 43;
const ticketModel = 'LocalTicket';
const sessionModel = 'LocalSession';

/** The provider built in, over the records of the authorization server. */
export function createLocalProvider({ people, records, clock, note, publicOrigin, allowed }: LocalSettings): LocalProvider {
  async function save({ name, role }: LocalName, about: Origins): Promise<Person> {
    const who = { org: defaultOrg, subject: `user:${name}` };
    return savePerson(people, who, async (known) => {
      if (known?.disabledAt !== undefined) throw disabled(name);
      const now = clock.now();
      const person: Person = {
        ...{ ...who, issuer: localIssuer, upstreamSubject: name, name, role, groups: ['everyone'] },
        ...{ firstSeenAt: known?.firstSeenAt ?? now, signedInAt: now, checkedAt: now },
      };
      await note({ event: 'sign_in', account: accountId(person), after: { role, groups: person.groups }, ...about });
      return person;
    });
  }

  async function sessionOf(ctx: Context): Promise<OAuthRecord | undefined> {
    const secret = readCookie(ctx, publicOrigin(), 'local');
    return secret === undefined ? undefined : records.find(sessionModel, hashToken(secret), clock.now());
  }

  async function personOf({ account = '', payload }: OAuthRecord): Promise<Person | undefined> {
    const name = readAccountId(account);
    const person = name && (await people.find(name.org, name.subject));
    if (person?.firstSeenAt !== payload.firstSeenAt) return undefined; // another one has the name by now
    return person?.issuer === localIssuer && person.disabledAt === undefined ? person : undefined;
  }

  return {
    async link({ name = 'operator', role: asked } = {}) {
      checkName(name);
      const role = roles.findLast((each) => allowed.includes(each) && (asked ?? each) === each);
      if (role === undefined) throw notAllowed(asked ?? '', allowed);
      const ticket = randomBase62(secretChars);
      const now = clock.now();
      const account = accountId({ org: defaultOrg, subject: `user:${name}` });
      await records.put({
        ...{ model: ticketModel, idHash: hashToken(ticket), account, payload: { name, role } },
        ...{ createdAt: now, expiresAt: now + ticketMs },
      });
      return `${publicOrigin()}/oauth/local?ticket=${ticket}`;
    },

    async whose(ticket) {
      const kept = await records.find(ticketModel, hashToken(ticket), clock.now());
      return kept?.payload as LocalName | undefined;
    },

    async open(ctx, ticket, about) {
      const now = clock.now();
      const taken = await records.take(ticketModel, hashToken(ticket), now);
      if (taken === undefined) return undefined;
      const person = await save(taken.payload as unknown as LocalName, about);
      const secret = randomBase62(secretChars);
      await records.put({
        ...{ model: sessionModel, idHash: hashToken(secret), account: accountId(person), createdAt: now },
        ...{ payload: { firstSeenAt: person.firstSeenAt }, expiresAt: now + sessionSeconds * 1000 },
      });
      setCookie(ctx, publicOrigin(), { purpose: 'local', maxAgeSeconds: sessionSeconds }, secret);
      return person;
    },

    async whoIs(ctx) {
      const session = await sessionOf(ctx);
      return session === undefined || session.consumedAt !== undefined ? undefined : personOf(session);
    },

    async signIn(ctx, uid) {
      const session = await sessionOf(ctx);
      const person = session && (await personOf(session));
      if (session === undefined || person === undefined) return undefined;
      if (session.consumedAt !== undefined) return session.payload.uid === uid ? person : undefined;
      // Of many interactions that ask at one time, one gets it. The one that did may be opened again.
      if (!(await records.consume(sessionModel, session.idHash, clock.now()))) return undefined;
      await records.put({ ...session, payload: { ...session.payload, uid } });
      return person;
    },

    requireLoopback(ctx) {
      const { socket, headers } = ctx.req;
      const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
      const isHere = isLoopbackConnection(socket) && (from === '::1' || from.startsWith('127.'));
      // A proxy on this machine comes from loopback too, with somebody else behind it.
      const isForwarded = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'].some(
        (name) => name in headers,
      );
      if (isHere && !isForwarded && isLoopbackName(new URL(publicOrigin()).hostname)) return;
      throw new Refusal({
        code: 'not_found',
        message: 'The sign-in without a company provider is for the computer that Sidelight runs on, and for nobody else.',
        next: 'Set mode: company in policies/identity.yaml, so that people sign in at your company’s provider. API keys work everywhere.',
      });
    },
  };
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name)) return;
  throw new Refusal({
    code: 'invalid_input',
    message: `The name is ${JSON.stringify(name.slice(0, 64))}; it needs 1 to 64 characters of A–Z, a–z, 0–9, dot, underscore, hyphen and @.`,
    field: 'name',
  });
}

function notAllowed(role: string, allowed: readonly Role[]): Refusal {
  const isRole = roles.some((known) => known === role);
  return new Refusal({
    code: 'invalid_input',
    message: `${isRole ? `People of the role ${role} do not sign in` : `There is no role ${JSON.stringify(role.slice(0, 64))}`}; it can be ${allowed.join(', ')}.`,
    field: 'role',
    next: 'identity.yaml has the list (sign_in.roles).',
  });
}

function disabled(name: string): Refusal {
  return new Refusal({
    code: 'org_access_denied',
    message: `${name} is disabled.`,
    next: 'Let them in again with `sidelight people enable`.',
  });
}
