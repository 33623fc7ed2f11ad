import crypto from 'node:crypto';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import { createRandom, type Random } from '../../agents-sim/random.ts';

/** Steps of one moment: more than any honest burst. */
const maxAtOnce = 20_000;

interface Timer {
  at: number;
  order: number;
  run: () => void;
}

const real = { setImmediate, now: Date.now, randomBytes: crypto.randomBytes, readFile: fsPromises.readFile };

/** Everything a world asks of its surroundings: time that moves only when nothing else can, chance from a seed, files from memory. */
export class Machine {
  /** Milliseconds since the epoch: the clock of the database, and of programs with an agent. */
  now = 0;
  random: Random = createRandom(0);
  /** Files below the directory of policies, by name. */
  files: Readonly<Record<string, string>> = {};
  #bytes: Random = createRandom(0);
  #startedAt = 0;
  #order = 0;
  #heap: Timer[] = [];
  #underWay = 0;
  /** Steps since time went on. */
  #atOnce = 0;

  /** Forgets what was planned, and begins again. */
  begin(seed: number, now: number): void {
    this.now = now;
    this.#startedAt = now;
    this.random = createRandom(seed);
    this.#bytes = this.random.fork('bytes');
    this.#heap = [];
    this.#order = 0;
  }

  get elapsedMs(): number {
    return this.now - this.#startedAt;
  }

  /** Things that are planned. */
  get planned(): number {
    return this.#heap.length;
  }

  after(ms: number, run: () => void): () => void {
    const order = ++this.#order;
    const timer: Timer = { at: this.now + Math.max(0, Math.ceil(Number.isNaN(ms) ? 0 : ms)), order, run };
    this.#push(timer);
    return () => {
      timer.run = nothing;
    };
  }

  /** Time stands still until this has ended. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Resolves when nothing can go on without time. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await new Promise<void>((next) => real.setImmediate(next));
      quiet = this.#underWay === 0 ? quiet + 1 : 0;
    }
  }

  /** Goes on to the next thing that is planned until then, and lets come of it what comes at once; false when there is none. */
  async step(until: number): Promise<boolean> {
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      this.#pop();
      if (next.run === nothing) continue;
      this.#atOnce = next.at > this.now ? 0 : this.#atOnce + 1;
      if (this.#atOnce > maxAtOnce)
        throw new Error('Time does not go on: something is planned again and again for this very moment.');
      this.now = Math.max(this.now, next.at);
      next.run();
      await this.settle();
      return true;
    }
    this.now = Math.max(this.now, until);
    return false;
  }

  /** From here on what this process runs asks this machine. What is imported later finds it so from its beginning. */
  takeOver(policyDirectory: string): void {
    // Agents tell it.
    Object.defineProperty(process, 'pid', { value: 1 });
    Date.now = () => this.now;
    performance.now = () => this.now - this.#startedAt;
    const handle = (callOff: () => void) => {
      const timer = { unref: () => timer, ref: () => timer, hasRef: () => false, callOff };
      return timer;
    };
    const setTimeout = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      handle(this.after(Math.max(1, ms), () => run(...args)));
    const setInterval = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      let callOff = nothing;
      let isOver = false;
      const again = () => {
        callOff = this.after(Math.max(1, ms), () => {
          if (!isOver) again();
          run(...args);
        });
      };
      again();
      return handle(() => {
        isOver = true;
        callOff();
      });
    };
    const clear = (timer?: { callOff?: () => void }) => timer?.callOff?.();
    const setImmediateHere = (run: (...args: unknown[]) => void, ...args: unknown[]) => {
      this.#underWay += 1;
      return real.setImmediate(() => {
        this.#underWay -= 1;
        run(...args);
      });
    };
    Object.assign(globalThis, {
      setTimeout,
      setInterval,
      clearTimeout: clear,
      clearInterval: clear,
      setImmediate: setImmediateHere,
    });
    Object.assign(timersPromises, {
      setImmediate: (value: unknown) => new Promise((resolve) => setImmediateHere(() => resolve(value))),
      setTimeout: (ms: number, value: unknown) => new Promise((resolve) => this.after(ms, () => resolve(value))),
    });
    Object.assign(crypto, {
      randomBytes: (size: number) => Buffer.from(Array.from({ length: size }, () => Math.floor(this.#bytes.next() * 256))),
    });
    Object.assign(fsPromises, {
      readFile: async (path: unknown, ...more: []) => {
        const name = String(path);
        const text = name.startsWith(policyDirectory) ? this.files[name.slice(policyDirectory.length + 1)] : undefined;
        return text ?? real.readFile(path as string, ...more);
      },
      readdir: async () => Object.keys(this.files),
    });
    syncBuiltinESMExports();
  }

  /** Milliseconds of the world outside, for measuring how fast all this is. */
  static outsideMs(): number {
    return real.now();
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Timer;
      if (!isBefore(timer, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const [left, right] = [heap[below] as Timer, heap[below + 1]];
      if (right !== undefined && isBefore(right, left)) below += 1;
      const child = heap[below] as Timer;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}

const nothing = (): void => undefined;
const isBefore = (one: Timer, other: Timer): boolean => one.at < other.at || (one.at === other.at && one.order < other.order);

/** The one machine of this process. */
export const machine = new Machine();
