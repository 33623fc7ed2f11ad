import { Refusal } from './refusal.ts';

/** Why nobody waits for an answer any more: the signal's own refusal, or `cancelled`. */
export function departure(signal: AbortSignal): Refusal {
  if (signal.reason instanceof Refusal) return signal.reason;
  return new Refusal({ code: 'cancelled', message: 'The caller went away before the call ran; nothing was done.' });
}

/** Throws when nobody waits for the answer any more. */
export function throwIfLeft(signal: AbortSignal): void {
  if (signal.aborted) throw departure(signal);
}
