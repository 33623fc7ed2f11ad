import type { Context } from 'koa';
import type { Person } from '../identity/people.ts';
import type { Scope } from '../identity/principal.ts';

/** How a client is known here: by the operator, by a document at its own URL, or by nothing but its own word. */
export const clientsKnown = ['operator', 'document', 'self_registered'] as const;
export type ClientKnown = (typeof clientsKnown)[number];

/** A request for authorization that waits for a person: who asks, for what, and how far it has come. */
export interface Interaction {
  /** Names it in the path `/oauth/interaction/<uid>`; the browser also proves itself with a cookie. */
  uid: string;
  /** What is missing: to know who it is, or that person's consent. */
  step: 'sign_in' | 'consent';
  client: {
    id: string;
    /** Already cleaned: one line, no control or direction characters, at most 80 characters. */
    name: string;
    known: ClientKnown;
    /** Where the code is sent, whole. */
    redirectUri: string;
  };
  /** Asked for; what the person's role cannot use is not granted. */
  scopes: Scope[];
  /** Set once somebody signed in. */
  accountId?: string;
  /** When whoever signed in was first seen: of the next person of that name it is another moment. */
  firstSeenAt?: number;
}

/**
 * The door between the pages a person sees and the authorization server. Each throws a Refusal (`not_found`) when the browser has no
 * such interaction (any more): expired, finished, or begun by another browser.
 */
export interface Interactions {
  read(ctx: Context, uid: string): Promise<Interaction>;
  /** The person proved who it is; answers with the redirect that goes on. */
  signedIn(ctx: Context, uid: string, person: Person): Promise<void>;
  /** The person consented to these scopes; answers with the redirect to the client. */
  consent(ctx: Context, uid: string, scopes: Scope[]): Promise<void>;
  /** Nobody is let in; answers with the redirect that tells the client (`access_denied`, or `server_error`). */
  deny(
    ctx: Context,
    uid: string,
    error: 'access_denied' | 'server_error' | 'temporarily_unavailable',
    description: string,
  ): Promise<void>;
}
