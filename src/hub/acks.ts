import type { Clock } from '../lib/clock.ts';
import type { Peer } from './peer.ts';

/** States wait for one another, or for the acknowledgement of a hit, so long; so many do not wait. */
export const ackPatience = { ms: 1_000, frames: 16 } as const;

/** Tells an agent what it may forget. One acknowledgement covers all numbered frames up to it. */
export class Acks {
  readonly #clock: Clock;
  readonly #peer: Pick<Peer, 'send'>;
  /** Frames that are done with, and the last of them. */
  #owed = 0;
  #n = 0;
  #callOff: (() => void) | undefined;

  constructor(clock: Clock, peer: Pick<Peer, 'send'>) {
    this.#clock = clock;
    this.#peer = peer;
  }

  /** All up to this one are done with; it is large, or refused. */
  now(n: number): void {
    this.#owe(n);
    this.settle();
  }

  /** All up to this one are done with; that the agent keeps it for a moment costs little. */
  soon(n: number): void {
    this.#owe(n);
    if (this.#owed >= ackPatience.frames) this.settle();
    else this.#callOff ??= this.#clock.after(ackPatience.ms, () => this.settle());
  }

  /** Says what is owed. */
  settle(): void {
    this.end();
    if (this.#owed > 0) this.#peer.send({ t: 'ack', n: this.#n });
    this.#owed = 0;
  }

  /** Nobody listens any more. */
  end(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }

  #owe(n: number): void {
    this.#owed += 1;
    this.#n = n;
  }
}
