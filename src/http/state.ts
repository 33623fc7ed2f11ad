import type { Middleware } from 'koa';
import type { Principal } from '../identity/principal.ts';
import type { RefusalCode } from '../lib/refusal.ts';

/** What every request has from its first middleware on. */
export interface RequestState {
  /** Names the request in its answer, in the log and in the audit record. */
  requestId: string;
  /** Where it comes from; behind trusted proxies the address they tell. */
  address: string | undefined;
  /** The refusal it is answered with, where it is. */
  refused?: RefusalCode;
}

/** The right of a request to be worked on, beside a few others of its caller and a few more of all. More than once is as once. */
export interface Turn {
  /** From here on it stands in its caller's own line: another request of the caller may be worked on. */
  admitted(): void;
  /** What follows is only waiting, or written. */
  end(): void;
}

/** What a request has once `turns` let it through. */
export interface TurnState extends RequestState {
  turn: Turn;
}

/** What a request has once `bearer` let it through. */
export interface CallerState extends TurnState {
  principal: Principal;
}

/** A middleware of the HTTP side; those behind `bearer` ask for `CallerState`. */
export type HttpMiddleware<State extends RequestState = RequestState> = Middleware<State>;
