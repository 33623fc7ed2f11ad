import type { StateFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { Failure, Watch } from './watch.ts';

/** Tells the link how actions stand. */
export class Teller {
  readonly #to: { state(state: Omit<StateFrame, 't' | 'n'>): void };

  constructor(to: { state(state: Omit<StateFrame, 't' | 'n'>): void }) {
    this.#to = to;
  }

  /** Everything that is known of an action. */
  tell(watch: Watch, why: Partial<Failure> = {}): void {
    const { id, rev, state, at, hits, skipped, lastError } = watch;
    watch.isChanged = false;
    this.say({
      id,
      rev,
      state,
      ...(at.length === 0 ? {} : { at: at.slice() }),
      hits,
      skipped: { ...skipped },
      ...(lastError === undefined ? {} : { lastError: lastError.slice(0, limits.maxMessageChars) }),
      ...why,
    });
  }

  /** A state as it is. */
  say(state: Omit<StateFrame, 't' | 'n'>): void {
    try {
      this.#to.state(state);
    } catch {
      // The link's defects are not the program's.
    }
  }
}
