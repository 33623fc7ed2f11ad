import pTimeout from 'p-timeout';

/** A handler or an agent took longer than it may. */
export class TookTooLong extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms.`);
  }
}

/** Waits for `work` at most `ms`; what comes later is ignored. */
export function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const fallback = (): never => {
    throw new TookTooLong(what, ms);
  };
  // p-timeout makes its error before it waits, and every frame of every agent waits here: the stacks of errors that almost
  // never happen were a sixth of what arming thousands of agents cost.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return pTimeout(work, { milliseconds: ms, fallback });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
