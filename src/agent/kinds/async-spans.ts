import type { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { ownKeys } from '../intrinsics.ts';
import type { Spans } from './spans.ts';

const { apply } = Reflect;
const require = createRequire(import.meta.url);

/** An activation of the function. */
interface Activation {
  /** The period without a gap in which it was entered. */
  epoch: number;
  /** When it passed the start and not yet the end, else undefined. */
  startMs: number | undefined;
  /** The function called itself, and may go on in the context of the inner call: the two cannot be told apart in it. */
  isMixed: boolean;
}

/**
 * Spans of async functions without a token in the program: each activation is known by the asynchronous context it enters, which V8
 * brings back behind every `await`. Every entry must be seen, so the probe stands at the function's entry too; activations that were
 * entered while it was away are not measured. Not for generators: they run in the context of whoever asks for the next value.
 *
 * Nothing is kept here: contexts hold the activations, and the program's own storages are not touched. Before Node 24 contexts are made
 * of promise hooks, which slow every promise of the process down; `hasHooks` says so.
 */
export class AsyncSpans implements Spans {
  /** Whether it turned promise hooks on that were off. */
  readonly hasHooks: boolean;
  readonly #storage: AsyncLocalStorage<Activation>;
  readonly #enterWith: AsyncLocalStorage<Activation>['enterWith'];
  readonly #getStore: AsyncLocalStorage<Activation>['getStore'];
  readonly #isInside: () => boolean;
  #epoch = 0;

  private constructor(storage: AsyncLocalStorage<Activation>, isInside: () => boolean) {
    this.#isInside = isInside;
    this.#storage = storage;
    this.#enterWith = storage.enterWith;
    this.#getStore = storage.getStore;
    const hadHooks = isHooked();
    apply(this.#enterWith, storage, [undefined]);
    this.hasHooks = !hadHooks && isHooked();
  }

  /** `isInside` says whether the function that is entered is on the stack already, further out (stack-depth.ts). */
  static open(isInside: () => boolean): AsyncSpans {
    const { AsyncLocalStorage: Storage } = require('node:async_hooks') as typeof import('node:async_hooks');
    return new AsyncSpans(new Storage<Activation>(), isInside);
  }

  enter(): void {
    apply(this.#enterWith, this.#storage, [{ epoch: this.#epoch, startMs: undefined, isMixed: this.#isInside() }]);
  }

  start(now: () => number): void {
    const activation = this.#current();
    if (activation !== undefined) activation.startMs = now();
  }

  end(nowMs: number): number | undefined {
    const activation = this.#current();
    const startMs = activation?.startMs;
    if (activation === undefined || startMs === undefined) return undefined;
    activation.startMs = undefined;
    return activation.isMixed ? undefined : nowMs - startMs;
  }

  /** Entries will be missed from now on. */
  clear(): void {
    this.#epoch += 1;
  }

  /** Turns promise hooks off again, unless the program has use for them. */
  close(): void {
    this.clear();
    this.#storage.disable();
  }

  #current(): Activation | undefined {
    const activation = apply(this.#getStore, this.#storage, []) as Activation | undefined;
    return activation !== undefined && activation.epoch === this.#epoch ? activation : undefined;
  }
}

/** Whether promise hooks are on: they mark each promise. */
function isHooked(): boolean {
  const promise = (async () => {})();
  return ownKeys(promise).length > 0;
}
