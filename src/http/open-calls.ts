import type { ServerResponse } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';

/** Calls one process holds open at a time, each about 50 KiB; more are refused with 503. */
const maxOpenCalls = 2_000;
/** Bytes of what all of them asked; it is kept until the answer is out. A call of usual size has some hundred. */
const maxAskedBytes = 32 * 1024 * 1024;

/** The tool calls under way, so that a shutdown can end their waits with an answer. */
export class OpenCalls {
  /** A call is open until its answer is out, which is later than when the tool is done. */
  readonly #responses = new Set<ServerResponse>();
  #askedBytes = 0;
  readonly #stops = new Set<AbortController>();
  #isDraining = false;
  #whenEmpty: (() => void) | undefined;

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Calls whose answer is not out yet. */
  get open(): number {
    return this.#responses.size;
  }

  /** Refuses what comes while the bridge goes down or holds as many calls as it can. */
  admit(): void {
    if (this.#isDraining) throw shuttingDown();
    if (this.#responses.size >= maxOpenCalls) throw full();
  }

  /** Counts a call as open until its response is closed. Refuses it where all together ask for more than can be kept. */
  enter(response: ServerResponse, askedBytes = 0): void {
    if (this.#askedBytes + askedBytes > maxAskedBytes) throw full();
    this.#responses.add(response);
    this.#askedBytes += askedBytes;
    response.once('close', () => {
      this.#responses.delete(response);
      this.#askedBytes -= askedBytes;
      if (this.#responses.size === 0) this.#whenEmpty?.();
    });
  }

  /** Runs `work` with a signal that aborts with the caller's, or with the refusal `unavailable` as its reason when the bridge goes down. */
  async run<T>(caller: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const forward = () => stop.abort(caller.reason);
    if (caller.aborted) forward();
    if (this.#isDraining) stop.abort(shuttingDown());
    // AbortSignal.any with a process-wide signal would keep every call's signal alive; a listener can be taken off again.
    caller.addEventListener('abort', forward, { once: true });
    this.#stops.add(stop);
    try {
      return await work(stop.signal);
    } finally {
      caller.removeEventListener('abort', forward);
      this.#stops.delete(stop);
    }
  }

  /** Aborts all calls and resolves when their answers are out, or after `maxDrainMs`. */
  async drain(clock: Clock, maxDrainMs: number): Promise<void> {
    this.#isDraining = true;
    for (const stop of this.#stops) stop.abort(shuttingDown());
    if (this.#responses.size === 0) return;
    await new Promise<void>((resolve) => {
      const callOff = clock.after(maxDrainMs, resolve);
      this.#whenEmpty = () => {
        callOff();
        resolve();
      };
    });
  }
}

function shuttingDown(): Refusal {
  return new Refusal({
    code: 'unavailable',
    message: 'The bridge is shutting down. What was placed stays placed.',
    next: 'Try again in a few seconds; wait_for_hits goes on by actionId.',
  });
}

function full(): Refusal {
  return new Refusal({
    code: 'unavailable',
    message: 'The bridge holds as many open calls as it can.',
    next: 'Try again in a few seconds.',
  });
}
