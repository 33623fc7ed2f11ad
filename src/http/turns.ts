import { isPerson } from '../identity/owner.ts';
import { accountId } from '../identity/people.ts';
import type { Principal } from '../identity/principal.ts';
import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import { departure } from '../lib/left.ts';
import { Refusal } from '../lib/refusal.ts';
import { tokenOf } from './bearer.ts';
import type { CallerState, HttpMiddleware, Turn, TurnState } from './state.ts';
import { networkOf } from './too-busy.ts';

/** Requests of one caller that are worked on at a time. Each takes a millisecond or two of the one thread that all callers share. */
const atWork = 2;
/** Requests of one caller that wait for that; each is a connection somebody holds open. */
const maxWaiting = 256;
/** Tokens and keys that are known to be somebody's. */
const maxPeople = 10_000;
/** A turn that takes longer is waiting for something, such as the rest of its body, and passes. */
const longestMs = 1_000;

/** The requests of one caller. */
interface Line {
  working: number;
  waiting: Set<() => void>;
}

/**
 * Lets a few requests of each caller be worked on at a time, from before anything is looked up for them until their tool starts or their
 * answer is written. However many a caller sends at once, another's request waits for a few of them and not for all. Refuses with
 * `too_busy` when more wait than it takes to keep the bridge at work. A caller is a token; once it was proved to be a person's, all tokens
 * and keys of that person; without a token, an address.
 */
export function turns(clock: Clock): HttpMiddleware<TurnState> {
  const lines = new Map<string, Line>();
  /** People by the hashes of their tokens and keys. */
  const people = new Map<string, string>();

  async function take(name: string, left: AbortSignal): Promise<Turn> {
    const line = lines.get(name) ?? { working: 0, waiting: new Set() };
    lines.set(name, line);
    if (line.working < atWork) line.working += 1;
    else if (line.waiting.size >= maxWaiting) throw tooMany();
    else await handedOn(line, left);
    let hasEnded = false;
    const callOff = clock.after(longestMs, end);
    function end(): void {
      if (hasEnded) return;
      hasEnded = true;
      callOff();
      const [next] = line.waiting;
      if (next !== undefined) next();
      else line.working -= 1;
      if (line.working === 0) lines.delete(name);
    }
    return { end };
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

/** Resolves when one that is worked on ends; its place is counted on. Rejects when the caller leaves. */
function handedOn({ waiting }: Line, left: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = () => {
      stop();
      // Not at once: the embedded database answers without giving anybody else a turn, and all would follow each other so.
      setImmediate(resolve);
    };
    const leave = () => {
      stop();
      reject(departure(left));
    };
    const stop = () => {
      waiting.delete(go);
      left.removeEventListener('abort', leave);
    };
    waiting.add(go);
    left.addEventListener('abort', leave, { once: true });
  });
}

function tooMany(): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `There are ${maxWaiting} requests of this caller waiting already.`,
    next: 'Let some of them end, then call again.',
    data: { queuedCalls: maxWaiting },
  });
}
