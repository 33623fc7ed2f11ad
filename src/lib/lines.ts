import { departure } from './left.ts';
import { Refusal } from './refusal.ts';

/** How much is under way and waits at a time. */
export interface LinesOptions {
  /** Of one caller. */
  each: number;
  /** Of all callers: whoever comes next waits for so many at most. */
  all: number;
  /** Of one caller that waits for its turn. */
  waiting: number;
}

/** The right to go on, until it is given back. More than once is as once. */
export interface Place {
  end(): void;
  /** Counts no more among its caller's own, only among those of all callers. */
  leaveOwn(): void;
  /** Counts no more among those of all callers, only among its caller's own. */
  leaveAll(): void;
}

interface Line {
  name: string;
  working: number;
  waiting: Set<() => void>;
}

/**
 * Callers in line for what all share: a few requests of each are under way at a time, and a few more of all. Whoever had none under way
 * when its request came goes before those who have; these take turns.
 */
export class Lines {
  readonly #options: LinesOptions;
  readonly #lines = new Map<string, Line>();
  #working = 0;
  /** Lines that could have one more under way, but for all the others; the next is the first of the first. */
  readonly #new = new Set<Line>();
  readonly #busy = new Set<Line>();

  constructor(options: LinesOptions) {
    this.#options = options;
  }

  /** Resolves when a request of this caller may go on. Rejects when it leaves, and with `too_busy` when too many wait. */
  async take(name: string, left: AbortSignal): Promise<Place> {
    const { each, all, waiting } = this.#options;
    const line = this.#lines.get(name) ?? { name, working: 0, waiting: new Set() };
    this.#lines.set(name, line);
    if (line.waiting.size === 0 && line.working < each && this.#working < all) this.#begin(line);
    else if (line.waiting.size >= waiting) throw tooMany(waiting);
    else await this.#handedOn(line, left);
    return this.#placeIn(line);
  }

  /** Does this in its turn; nothing when the caller leaves before. */
  async during(name: string, left: AbortSignal, work: () => Promise<void>): Promise<void> {
    const place = await this.take(name, left).catch((problem: unknown) => {
      if (!left.aborted) throw problem;
    });
    await (place && work().finally(place.end));
  }

  /** One place of this caller that is taken when it is needed, once. */
  holder(name: string, left: AbortSignal): { take(): Promise<void>; end(): void } {
    let place: Place | undefined;
    return {
      take: async () => {
        place ??= await this.take(name, left);
      },
      end: () => place?.end(),
    };
  }

  #placeIn(line: Line): Place {
    let isOwn = true;
    let isAmongAll = true;
    const leaveAll = () => {
      if (!isAmongAll) return;
      isAmongAll = false;
      this.#working -= 1;
      this.#next();
    };
    const leaveOwn = () => {
      if (!isOwn) return;
      isOwn = false;
      line.working -= 1;
      if (line.waiting.size > 0 && !this.#new.has(line)) this.#busy.add(line);
      this.#forgetIfIdle(line);
      this.#next();
    };
    return {
      leaveAll,
      leaveOwn,
      end() {
        leaveOwn();
        leaveAll();
      },
    };
  }

  #begin(line: Line): void {
    line.working += 1;
    this.#working += 1;
  }

  /** Lets those go on for whom there is room. */
  #next(): void {
    while (this.#working < this.#options.all) {
      const [line] = this.#new.size > 0 ? this.#new : this.#busy;
      if (line === undefined) return;
      this.#new.delete(line);
      this.#busy.delete(line);
      const [go] = line.waiting;
      if (go === undefined) continue;
      this.#begin(line);
      go();
      if (line.waiting.size > 0 && line.working < this.#options.each) this.#busy.add(line);
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
      else if (line.working < this.#options.each && !this.#new.has(line)) this.#busy.add(line);
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

function tooMany(waiting: number): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `There are ${waiting} requests of this caller waiting already.`,
    next: 'Let some of them end, then call again.',
    data: { queuedCalls: waiting },
  });
}
