import { startImmediate, startTimer } from './language.ts';

/** Runs something of ours that the program does not call. A program can change the language so that nothing of ours works; it must not hear of it. */
export function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // Nobody could be told in a way that is sure to work.
  }
}

/** Runs something of ours when the program has finished what it does now. What it throws ends there. */
export function soon(run: () => void): void {
  startImmediate(() => attempt(run));
}

/** Runs something of ours after a while, unless the process ends before. What it throws ends there. */
export function later(run: () => void, waitMs: number): ReturnType<typeof startTimer> {
  const timer = startTimer(() => attempt(run), waitMs);
  timer.unref();
  return timer;
}
