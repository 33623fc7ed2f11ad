import type { Middleware } from 'koa';
import type { Principal } from '../identity/principal.ts';

/** What every request has from its first middleware on. */
export interface RequestState {
  /** Names the request in its answer, in the log and in the audit record. */
  requestId: string;
  /** Where it comes from; behind trusted proxies the address they tell. */
  address: string | undefined;
}

/** What a request has once `bearer` let it through. */
export interface CallerState extends RequestState {
  principal: Principal;
}

/** A middleware of the HTTP side; those behind `bearer` ask for `CallerState`. */
export type HttpMiddleware<State extends RequestState = RequestState> = Middleware<State>;
