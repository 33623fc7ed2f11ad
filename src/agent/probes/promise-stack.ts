import { min, monotonicMs, round } from '../intrinsics.ts';

/** V8 of Node 24 has no such list any more. */
const hasList = Number.parseInt(process.versions.v8, 10) < 13;
/** More than a busy program mostly leaves; an entry too many costs nothing. */
const leftPerMs = 0.1;
/** Taken off at a time: half a microsecond and some stack each. */
const mostAtOnce = 500;

/**
 * While its debugger is on, V8 notes in a list which async functions run, and leaves async generators in it when they end: 24 bytes for
 * each `for await` and each `fetch`, for as long as the process lives (Node 20 and 22). An async function that was entered while the
 * debugger was off takes off one that it did not put there when it ends while it is on. So the debugger goes on inside many of them.
 */
export class PromiseStack {
  #onSinceMs = 0;
  #left = 0;

  /** Turns the debugger on. Nothing of the program may be on the stack. Throws what `turnOn` throws. */
  open<Session>(turnOn: () => Session): Session {
    let answer: (() => Session) | undefined;
    const run = (): void => {
      try {
        const session = turnOn();
        answer = () => session;
      } catch (error) {
        answer = () => {
          throw error;
        };
      }
    };
    const depth = hasList ? round(min(mostAtOnce, this.#left)) : 0;
    this.#left -= depth;
    void inside(depth, run);
    // Where there was no stack for that.
    if (answer === undefined) run();
    this.#onSinceMs = monotonicMs();
    return (answer as unknown as () => Session)();
  }

  closed(): void {
    this.#left += (monotonicMs() - this.#onSinceMs) * leftPerMs;
  }
}

/** Runs it inside so many async functions; never rejects. */
async function inside(depth: number, run: () => void): Promise<void> {
  try {
    if (depth > 0) void inside(depth - 1, run);
    else run();
  } catch {
    // The stack is full.
  }
}
