import type { Random } from '../../agents-sim/random.ts';
import type { Log } from '../../src/lib/log.ts';
import type { Bell, Ear } from '../../src/replicas/bell.ts';
import { createRinging } from '../../src/storage/ringing.ts';
import type { Machine } from './machine.ts';

/** What PostgreSQL takes in one notification. */
const maxNoteBytes = 7_999;

/** What happens to notes on their way: shares of them. */
export interface BellFaults {
  dropped: number;
  /** Late by up to two seconds, and so behind others that were sent later. */
  late: number;
  twice: number;
}

/** Carries the notes between replicas. */
export class Bells {
  readonly faults: BellFaults = { dropped: 0, late: 0, twice: 0 };
  readonly #ears = new Map<string, { ear: Ear; isReached: () => boolean }>();
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #heard: (replica: string, note: string) => void;

  constructor(machine: Machine, random: Random, heard: (replica: string, note: string) => void) {
    this.#machine = machine;
    this.#random = random;
    this.#heard = heard;
  }

  /** `isReached` says whether the replica can be told now, and can tell. */
  open(replica: string, ear: Ear, log: Log, isReached: () => boolean): Bell {
    this.#ears.set(replica, { ear, isReached });
    ear.missed();
    const send = async (rings: { replica: string; notes: string }[]) => {
      if (!isReached()) throw new Error('The way to the others is cut.');
      for (const ring of rings) for (const note of ring.notes.split('\n')) this.#carry(ring.replica, note);
    };
    const ringing = createRinging(maxNoteBytes, send, log);
    return {
      ring: ringing.ring,
      close: async () => {
        await ringing.close();
        this.#ears.delete(replica);
      },
    };
  }

  /** The replica is no more. */
  forget(replica: string): void {
    this.#ears.delete(replica);
  }

  /** It listens again, and may have missed what was said. */
  missed(replica: string): void {
    this.#ears.get(replica)?.ear.missed();
  }

  #carry(replica: string, note: string): void {
    if (this.#random.chance(this.faults.dropped)) return;
    const times = this.#random.chance(this.faults.twice) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      const ms = this.#random.chance(this.faults.late) ? this.#random.integer(20, 2_000) : this.#random.integer(0, 3);
      this.#machine.after(ms, () => {
        const there = this.#ears.get(replica);
        if (there === undefined || !there.isReached()) return;
        this.#heard(replica, note);
        there.ear.heard(note);
      });
    }
  }
}
