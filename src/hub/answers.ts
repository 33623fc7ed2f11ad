import type { StateFrame } from '../protocol/frames.ts';

interface Waiting {
  fits: (frame: StateFrame) => boolean;
  resolve: (frame: StateFrame) => void;
  reject: (error: Error) => void;
}

/** Those who wait for an agent's word on an action. Whoever asks is bounded by the queue in front of this (`armQueue`). */
export class Answers {
  /** None while nobody waits: there is one of these for each idle connection. */
  #waiting: Map<string, Set<Waiting>> | undefined;
  #ended: Error | undefined;

  /** Resolves with the next state of this action that `fits`; rejects with `gone` when the agent leaves. */
  next(id: string, fits: (frame: StateFrame) => boolean): { frame: Promise<StateFrame>; forget(): void } {
    let forget = (): void => undefined;
    const frame = new Promise<StateFrame>((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      const one: Waiting = { fits, resolve, reject };
      this.#waiting ??= new Map();
      const all = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, all.add(one));
      forget = () => this.#forget(id, one);
    });
    return { frame, forget };
  }

  heard(frame: StateFrame): void {
    for (const one of [...(this.#waiting?.get(frame.id) ?? [])]) {
      if (!one.fits(frame)) continue;
      this.#forget(frame.id, one);
      one.resolve(frame);
    }
  }

  /** The agent left. */
  end(gone: Error): void {
    this.#ended = gone;
    for (const all of this.#waiting?.values() ?? []) for (const one of all) one.reject(gone);
    this.#waiting = undefined;
  }

  #forget(id: string, one: Waiting): void {
    const all = this.#waiting?.get(id);
    all?.delete(one);
    if (all?.size === 0) this.#waiting?.delete(id);
    if (this.#waiting?.size === 0) this.#waiting = undefined;
  }
}
