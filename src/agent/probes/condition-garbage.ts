import { getHeapStatistics } from 'node:v8';
import { bufferBytes, monotonicMs } from '../intrinsics.ts';
import { attempt, soon } from '../later.ts';

/** V8 keeps up to 2.1 kB (measured) of each condition it compiled until it collects the old generation: 100 MB at this number. */
export const maxUncollected = 50_000;
/** From so many on V8 is asked to collect. */
const askFrom = 4_000;
/** The same when the debugger goes off: going on again takes up to 20 µs for each. */
const askAtEndFrom = 2_000;
/** Collecting takes about 0.3 ms for each MB of heap (measured), spread over many steps: this makes it 0.2 % of one core. */
const askEveryMsPerMb = 150;
/** Passes after which `count` becomes `old`. */
const lookEvery = 500;
/** V8 begins to collect, step by step, when 64 MiB outside its heap are asked for. They are never touched, so no memory is behind them. */
const askBytes = 66 * 2 ** 20;
/** V8 would collect at once, not step by step, where these bytes are a large part of its limit; such heaps are collected often anyway. */
const leastLimitBytes = 256 * 2 ** 20;

/** Kept as it is now: a program may change it. */
const Bytes = ArrayBuffer;

/**
 * Conditions that V8 compiled, one at each pass, and has not collected. V8 looks through a part of them at the next passes, which get
 * slower by 10–20 ns for each, and lists them all when the debugger goes on. Where nothing else fills the old generation it
 * would let hundreds of thousands pile up.
 */
export class ConditionGarbage {
  /** Compiled since V8 was last seen to have collected. */
  count = 0;
  /** Those of `count` that were there some time ago, and so before a collection that has just come to its end. */
  #old = 0;
  #nextLook = lookEvery;
  /** Hears when V8 has collected the old generation: a scavenge does not find an object that is only weakly held. */
  #marks: FinalizationRegistry<undefined> | undefined;
  #isMarked = false;
  #askedMs = Number.NEGATIVE_INFINITY;
  #isRefused = false;
  /** Size of the heap after V8 has collected. */
  #heapMb: number | undefined;

  /** One more; also in the middle of a pass. `paid` hears later how many milliseconds V8 was held for, if any. */
  add(paid: (ms: number) => void): void {
    this.count += 1;
    if (this.count < this.#nextLook) return;
    this.#nextLook = Number.POSITIVE_INFINITY;
    soon(() => {
      this.#old = this.count;
      this.#nextLook = this.count + lookEvery;
      this.#mark();
      if (this.count >= askFrom) this.#ask(paid);
    });
  }

  /** Whether there are so many that there must not be more. Also in the middle of a pass. */
  readonly isFull = (): boolean => this.count >= maxUncollected;

  /** The debugger went off. */
  ended(): void {
    if (this.count >= askAtEndFrom) soon(() => this.#ask(() => undefined));
  }

  #mark(): void {
    if (this.#isMarked) return;
    this.#marks ??= new FinalizationRegistry(() => attempt(() => this.#collected()));
    this.#marks.register({}, undefined);
    this.#isMarked = true;
  }

  #collected(): void {
    this.#isMarked = false;
    this.count -= this.#old;
    this.#old = 0;
    this.#nextLook = this.count + lookEvery;
    this.#heapMb = usedMb();
    if (this.count > 0) this.#mark();
  }

  /** Makes V8 begin a collection of the old generation as it does by itself: beside the program, and in small steps. */
  #ask(paid: (ms: number) => void): void {
    if (this.#isRefused) return;
    const startMs = monotonicMs();
    this.#heapMb ??= usedMb();
    if (startMs - this.#askedMs < this.#heapMb * askEveryMsPerMb) return;
    this.#askedMs = startMs;
    try {
      this.#isRefused = getHeapStatistics().heap_size_limit < leastLimitBytes || bufferBytes(new Bytes(askBytes)) < askBytes;
    } catch {
      // The system does not give so much, not even of what is never touched.
      this.#isRefused = true;
    }
    paid(monotonicMs() - startMs);
  }
}

function usedMb(): number {
  return getHeapStatistics().used_heap_size / 1e6;
}
