import type { ActionState, HitFrame, StateFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { gauge } from './link-messages.ts';

/** Bytes of all frames that wait for the bridge, sent or not. */
export const maxQueuedBytes = 4 * 1024 * 1024;

/** A hit of the largest size, less what `t` and `n` add to it. */
const maxFrameBytes = limits.maxHitBytes - 64;

/** A frame on its way; the queue gives it its `t` and `n`. */
export type Outgoing = { t: 'state'; body: Omit<StateFrame, 't' | 'n'> } | { t: 'hit'; body: Omit<HitFrame, 't' | 'n'> };

/** States after which nothing comes any more; the bridge takes them even from an action it has forgotten. */
export const finalStates: ReadonlySet<ActionState> = new Set<ActionState>(['expired', 'removed', 'failed']);

interface Entry {
  t: Outgoing['t'];
  /** The action it is about. */
  id: string;
  final: boolean;
  /** The frame without `t` and `n`, as JSON. */
  json: string;
  bytes: number;
  /** Given when it is sent for the first time, so that what is dropped before leaves no gap. */
  n?: number;
}

/**
 * What the bridge has not acknowledged yet, in order: at most 256 frames and 4 MiB. When it is full hits are dropped and
 * counted; a state takes the place of a hit that was not sent yet, because an action without its end would never end.
 */
export class Queue {
  #entries: Entry[] = [];
  #bytes = 0;
  #dropped = 0;
  #lastN: number;
  readonly #gauges: Int32Array;

  /** `gauges` tell the main thread how full it is, and this queue the last number of the worker before. */
  constructor(gauges: Int32Array) {
    this.#gauges = gauges;
    this.#lastN = Atomics.load(gauges, gauge.lastN);
    this.#publish();
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Frames left out since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  get lastN(): number {
    return this.#lastN;
  }

  /** True when it was taken in. */
  add({ t, body }: Outgoing): boolean {
    const json = JSON.stringify(body);
    const final = t === 'state' && finalStates.has(body.state);
    const entry: Entry = { t, id: body.id, final, json, bytes: Buffer.byteLength(json) };
    if (entry.bytes > maxFrameBytes) return this.#drop();
    while (this.#entries.length >= limits.maxUnackedFrames || this.#bytes + entry.bytes > maxQueuedBytes) {
      if (t === 'hit') return this.#drop();
      this.#makeRoom();
    }
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    this.#publish();
    return true;
  }

  /** Everything that was never sent, in order; from now on it counts as sent. */
  takeUnsent(): string[] {
    const unsent = this.#entries.filter((entry) => entry.n === undefined);
    for (const entry of unsent) {
      this.#lastN += 1;
      entry.n = this.#lastN;
    }
    this.#publish();
    return unsent.map(written);
  }

  /** Everything that was sent and not acknowledged, to be sent again on a new connection. */
  unacknowledged(): string[] {
    return this.#entries.filter((entry) => entry.n !== undefined).map(written);
  }

  /** The bridge has stored all up to `n`; a number that was never given out is ignored. */
  acknowledge(n: number): void {
    if (n > this.#lastN) return;
    this.#keep((entry) => entry.n === undefined || entry.n > n);
  }

  /**
   * Forgets what the bridge would refuse: news of actions it does not want any more, except that they ended. Hits stay: one taken before
   * the end may still be stored.
   */
  keepOnly(wanted: ReadonlySet<string>): void {
    this.#keep((entry) => entry.t === 'hit' || entry.final || wanted.has(entry.id));
  }

  /** Forgets everything; numbers go on. */
  clear(): void {
    this.#keep(() => false);
  }

  /** A state needs a place: the newest hit that was not sent goes, else the oldest hit, else the oldest state. */
  #makeRoom(): void {
    const unsent = this.#entries.findLastIndex((held) => held.t === 'hit' && held.n === undefined);
    const hit = unsent === -1 ? this.#entries.findIndex((held) => held.t === 'hit') : unsent;
    const victim = this.#entries[Math.max(0, hit)];
    this.#keep((entry) => entry !== victim);
    this.#drop();
  }

  #keep(wanted: (entry: Entry) => boolean): void {
    this.#entries = this.#entries.filter(wanted);
    this.#bytes = this.#entries.reduce((sum, entry) => sum + entry.bytes, 0);
    this.#publish();
  }

  #publish(): void {
    Atomics.store(this.#gauges, gauge.held, this.#entries.length);
    Atomics.store(this.#gauges, gauge.heldBytes, this.#bytes);
    Atomics.store(this.#gauges, gauge.lastN, this.#lastN);
  }

  #drop(): false {
    this.#dropped += 1;
    return false;
  }
}

function written({ t, n, json }: Entry): string {
  return `{"t":"${t}","n":${n},${json.slice(1)}`;
}
