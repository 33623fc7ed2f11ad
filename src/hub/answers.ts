import type { StateFrame } from '../protocol/frames.ts';

/** Those who wait for an agent's word on an action. */
export interface Answers {
  /** Resolves with the next state of this action that `fits`; rejects with `gone` when the agent leaves. */
  next(id: string, fits: (frame: StateFrame) => boolean): { frame: Promise<StateFrame>; forget(): void };
  heard(frame: StateFrame): void;
  /** The agent left. */
  end(gone: Error): void;
}

interface Waiting {
  fits: (frame: StateFrame) => boolean;
  resolve: (frame: StateFrame) => void;
  reject: (error: Error) => void;
}

/** Nobody waits yet. Whoever asks is bounded by the queue in front of this (`armQueue`). */
export function createAnswers(): Answers {
  const waiting = new Map<string, Set<Waiting>>();
  let ended: Error | undefined;

  function forget(id: string, one: Waiting): void {
    const all = waiting.get(id);
    all?.delete(one);
    if (all?.size === 0) waiting.delete(id);
  }

  return {
    next(id, fits) {
      let forgetThis = (): void => undefined;
      const frame = new Promise<StateFrame>((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        const one: Waiting = { fits, resolve, reject };
        const all = waiting.get(id) ?? new Set();
        waiting.set(id, all.add(one));
        forgetThis = () => forget(id, one);
      });
      return { frame, forget: forgetThis };
    },
    heard(frame) {
      for (const one of [...(waiting.get(frame.id) ?? [])]) {
        if (!one.fits(frame)) continue;
        forget(frame.id, one);
        one.resolve(frame);
      }
    },
    end(gone) {
      ended = gone;
      for (const all of waiting.values()) for (const one of all) one.reject(gone);
      waiting.clear();
    },
  };
}
