import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of a call says beside its own words. Names and ids, never values. */
export interface CallFacts {
  requestId: string;
  tool: string;
  org: string;
  /** As in W3C Trace Context: 32 hex digits. */
  traceId?: string | undefined;
}

interface Call {
  facts: CallFacts;
  traceparent: string | undefined;
  isOver: boolean;
}

const calls = new AsyncLocalStorage<Call>();

/** Runs one call; whatever it logs until it is over says which call it was. `traceparent` is for whom it asks something of. */
export async function withFacts<T>(facts: CallFacts, traceparent: string | undefined, run: () => Promise<T>): Promise<T> {
  const call = { facts, traceparent, isOver: false };
  try {
    return await calls.run(call, run);
  } finally {
    // A connection that this call opened, or a timer that it set, goes on in its name.
    call.isOver = true;
  }
}

/** The place in a trace of the call that runs here (W3C Trace Context); undefined where there is none. */
export function traceparentNow(): string | undefined {
  const call = calls.getStore();
  return call === undefined || call.isOver ? undefined : call.traceparent;
}

/** Of the call that runs here; nothing outside of one. */
export function factsNow(): Partial<CallFacts> {
  const call = calls.getStore();
  return call === undefined || call.isOver ? {} : { ...call.facts };
}
