import { isPerson } from '../identity/owner.ts';
import { accountId } from '../identity/people.ts';
import type { Principal } from '../identity/principal.ts';
import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import { Lines } from '../lib/lines.ts';
import { tokenOf } from './bearer.ts';
import type { CallerState, HttpMiddleware, Turn, TurnState } from './state.ts';
import { networkOf } from './too-busy.ts';

/** Requests that are worked on at a time, of one caller and of all. Each takes a millisecond or two of the one thread that all callers share. */
const atWork = { each: 2, all: 8 };
/** Requests of one caller that wait for that; each is a connection somebody holds open. */
const maxWaiting = 256;
/** A request that takes longer is waiting for something, such as the rest of its body or the database, and keeps nobody else from the thread. */
const longestOfAllMs = 100;
/** Then its caller may have another one worked on, too. */
const longestMs = 1_000;
/** Tokens and keys that are known to be somebody's. */
const maxPeople = 10_000;

/**
 * Lets a few requests of each caller be worked on at a time, from before anything is looked up for them until their tool starts, and a few
 * more of all until they wait for a program or their answer is written. However many are sent at once, another caller's request waits for a few of them and not for all. Refuses with
 * `too_busy` when more of one caller wait than it takes to keep the bridge at work. A caller is a token; once it was proved to be a
 * person's, all tokens and keys of that person; without a token, an address.
 */
export function turns(clock: Clock): HttpMiddleware<TurnState> {
  const lines = new Lines({ ...atWork, waiting: maxWaiting });
  /** People by the hashes of their tokens and keys. */
  const people = new Map<string, string>();

  async function take(name: string, left: AbortSignal): Promise<Turn> {
    const place = await lines.take(name, left);
    const passOn = clock.after(longestOfAllMs, place.leaveAll);
    const callOff = clock.after(longestMs, end);
    function end(): void {
      passOn();
      callOff();
      place.end();
    }
    return { admitted: place.leaveOwn, end };
  }

  function remember(hash: string, person: string): void {
    const [oldest] = people.keys();
    if (people.size >= maxPeople && !people.has(hash) && oldest !== undefined) people.delete(oldest);
    people.set(hash, person);
  }

  return async (ctx, next) => {
    const token = tokenOf(ctx.get('Authorization'));
    const hash = token === undefined ? undefined : hashToken(token);
    const name = hash === undefined ? `from ${networkOf(ctx.state.address ?? '')}` : (people.get(hash) ?? hash);
    const left = new AbortController();
    ctx.res.once('close', () => left.abort());
    const turn = await take(name, left.signal);
    ctx.state.turn = turn;
    ctx.res.once('close', turn.end);
    if (left.signal.aborted) turn.end();
    else
      await next().finally(() => {
        // Koa writes the answer now; that nobody reads it holds up nobody. Where an SDK writes, it may only have begun.
        if (ctx.respond !== false) turn.end();
        const person = personOf((ctx.state as Partial<CallerState>).principal);
        if (hash !== undefined && person !== undefined) remember(hash, person);
      });
  };
}

/** The person behind a caller; undefined for a key that belongs to a service or to nobody in particular. */
function personOf(principal: Principal | undefined): string | undefined {
  const subject = principal?.kind === 'person' ? principal.subject : principal?.owner;
  return principal === undefined || subject === undefined || !isPerson(subject)
    ? undefined
    : accountId({ org: principal.org, subject });
}
