import { createHash } from 'node:crypto';
import type { Principal } from '../identity/principal.ts';

/**
 * Which request of which caller can be stopped how. Legacy requests of MCP are served by servers that know nothing of each other; this is all
 * they share, on this replica and, by what `elsewhere` tells the others, on all of them.
 */
export class Cancellations {
  readonly #stops = new Map<string, () => void>();
  readonly #elsewhere: (request: string) => void;

  constructor(elsewhere: (request: string) => void = () => {}) {
    this.#elsewhere = elsewhere;
  }

  /** Registers a request; the returned function takes it off again. Does nothing without a session key. */
  watch(principal: Principal, session: string, id: string | number, stop: () => void): () => void {
    if (session === '') return () => undefined;
    const request = nameOf(principal, session, id);
    this.#stops.set(request, stop);
    return () => {
      if (this.#stops.get(request) === stop) this.#stops.delete(request);
    };
  }

  /** Stops the request of this caller, wherever it runs. */
  cancel(principal: Principal, session: string, id: unknown): void {
    const request = nameOf(principal, session, id);
    if (!this.stop(request)) this.#elsewhere(request);
  }

  /** Stops the request with this name if it runs here. */
  stop(request: string): boolean {
    const stop = this.#stops.get(request);
    stop?.();
    return stop !== undefined;
  }
}

/** The same on every replica, and nothing that a note should not hold: clients write what they like into their ids. */
function nameOf(principal: Principal, session: string, id: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([principal.org, principal.subject, session, id]))
    .digest('base64url');
}
