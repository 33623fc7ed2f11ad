import pTimeout from 'p-timeout';

/** A handler or an agent took longer than it may. */
export class TookTooLong extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms.`);
  }
}

/** Waits for `work` at most `ms`; what comes later is ignored. */
export function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  return pTimeout(work, { milliseconds: ms, message: new TookTooLong(what, ms) });
}
