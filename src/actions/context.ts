import type { Instructions } from '../hub/hub.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Pauses } from '../targets/pause.ts';
import type { ActionStore } from './action.ts';
import type { Waker } from './waker.ts';

/** What every step in the life of an action works with. */
export interface ActionContext {
  store: ActionStore;
  /** The way to agents, whichever replica they are connected to. */
  hub: Instructions;
  /** The id of this replica. */
  replica: string;
  waker: Waker;
  pauses: Pauses;
  clock: Clock;
  log: Log;
}
