import type { Clock } from '../lib/clock.ts';
import { departure } from '../lib/left.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Turn } from './state.ts';

/** Requests of one caller that are worked on at a time. Each takes a millisecond or two of the one thread that all callers share. */
const atWork = 2;
/** Requests of all callers that are: whoever comes next waits for these at most, and then shares the thread with so many. */
const atWorkOfAll = 8;
/** Requests of one caller that wait for that; each is a connection somebody holds open. */
const maxWaiting = 256;
/** A request that takes longer is waiting for something, such as the rest of its body or the database, and keeps nobody else from the thread. */
const longestOfAllMs = 100;
/** Then its caller may have another one worked on, too. */
const longestMs = 1_000;

/** The requests of one caller. */
interface Line {
  name: string;
  working: number;
  waiting: Set<() => void>;
}

/**
 * Callers in line for one thread: a few requests of each are worked on at a time, and a few more of all. Whoever had nothing at work when
 * its request came goes before those who have; these take turns.
 */
export class Lines {
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();
  #working = 0;
  /** Lines that could have one more at work, but for all the others; the next is the first of the first. */
  readonly #new = new Set<Line>();
  readonly #busy = new Set<Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when a request of this caller may be worked on. Rejects when it leaves; throws `too_busy` when too many wait. */
  async take(name: string, left: AbortSignal): Promise<Turn> {
    const line = this.#lines.get(name) ?? { name, working: 0, waiting: new Set() };
    this.#lines.set(name, line);
    if (line.waiting.size === 0 && line.working < atWork && this.#working < atWorkOfAll) this.#begin(line);
    else if (line.waiting.size >= maxWaiting) throw tooMany();
    else await this.#handedOn(line, left);
    return this.#turnOf(line);
  }

  #turnOf(line: Line): Turn {
    let keepsOthers = true;
    let hasEnded = false;
    const passOn = () => {
      if (keepsOthers) this.#working -= 1;
      keepsOthers = false;
    };
    const letOthers = this.#clock.after(longestOfAllMs, () => {
      passOn();
      this.#next();
    });
    const end = () => {
      if (hasEnded) return;
      hasEnded = true;
      letOthers();
      callOff();
      passOn();
      line.working -= 1;
      if (line.waiting.size > 0 && !this.#new.has(line)) this.#busy.add(line);
      this.#forgetIfIdle(line);
      this.#next();
    };
    const callOff = this.#clock.after(longestMs, end);
    return { end };
  }

  #begin(line: Line): void {
    line.working += 1;
    this.#working += 1;
  }

  /** Lets those begin for whom there is room. */
  #next(): void {
    while (this.#working < atWorkOfAll) {
      const [line] = this.#new.size > 0 ? this.#new : this.#busy;
      if (line === undefined) return;
      this.#new.delete(line);
      this.#busy.delete(line);
      const [go] = line.waiting;
      if (go === undefined) continue;
      this.#begin(line);
      go();
      if (line.waiting.size > 0 && line.working < atWork) this.#busy.add(line);
    }
  }

  /** Resolves when it has its place, which is counted by then. */
  #handedOn(line: Line, left: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        stop();
        // Not at once: the embedded database answers without giving anybody else a turn, and all would follow each other so.
        setImmediate(resolve);
      };
      const leave = () => {
        stop();
        this.#forgetIfIdle(line);
        reject(departure(left));
      };
      const stop = () => {
        line.waiting.delete(go);
        left.removeEventListener('abort', leave);
      };
      if (line.working === 0) this.#new.add(line);
      else if (line.working < atWork && !this.#new.has(line)) this.#busy.add(line);
      line.waiting.add(go);
      left.addEventListener('abort', leave, { once: true });
    });
  }

  #forgetIfIdle(line: Line): void {
    if (line.waiting.size > 0) return;
    this.#new.delete(line);
    this.#busy.delete(line);
    if (line.working === 0) this.#lines.delete(line.name);
  }
}

function tooMany(): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `There are ${maxWaiting} requests of this caller waiting already.`,
    next: 'Let some of them end, then call again.',
    data: { queuedCalls: maxWaiting },
  });
}
