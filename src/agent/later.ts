import { startImmediate, startTimer } from './intrinsics.ts';

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

function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // A program can change the language so that nothing of ours works; it must not hear of it.
  }
}
