import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import { departure } from '../lib/left.ts';
import { Refusal } from '../lib/refusal.ts';
import { tokenOf } from './bearer.ts';
import type { HttpMiddleware, Turn, TurnState } from './state.ts';
import { networkOf } from './too-busy.ts';

/** Requests of one token that are worked on at a time. Each takes a millisecond or two of the one thread that all callers share. */
const atWork = 2;
/** Requests of one token that wait for that; each is a connection somebody holds open. */
const maxWaiting = 256;
/** A turn that takes longer is waiting for something, such as the rest of its body, and passes. */
const longestMs = 1_000;

/** The requests of one token. */
interface Line {
  working: number;
  waiting: Set<() => void>;
}

/**
 * Lets a few requests of each token, and of each address without one, be worked on at a time, from before anything is looked up for them
 * until their tool starts or their answer is out. However many a caller sends at once, another's request waits for a few of them and not for all. Refuses with `too_busy` when more wait
 * than it takes to keep the bridge at work.
 */
export function turns(clock: Clock): HttpMiddleware<TurnState> {
  const lines = new Map<string, Line>();

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

  return async (ctx, next) => {
    const token = tokenOf(ctx.get('Authorization'));
    const name = token === undefined ? `from ${networkOf(ctx.state.address ?? '')}` : hashToken(token);
    const left = new AbortController();
    ctx.res.once('close', () => left.abort());
    const turn = await take(name, left.signal);
    ctx.state.turn = turn;
    ctx.res.once('close', turn.end);
    if (left.signal.aborted) turn.end();
    else await next();
  };
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
    message: `There are ${maxWaiting} requests with this token waiting already.`,
    next: 'Let some of them end, then call again.',
    data: { queuedCalls: maxWaiting },
  });
}
