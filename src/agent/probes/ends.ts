import { monotonicMs } from '../intrinsics.ts';
import type { End } from './hits.ts';
import { noHook } from './observation.ts';
import type { Failure, Watch } from './watch.ts';

/** What an action has come to between two passes; undefined while it lives. */
export function endOf(watch: Watch, hasHook: boolean): { state: End; why?: Failure } | undefined {
  const { state, engine, expiresAtMs } = watch;
  if (!hasHook && engine?.name === 'breakpoint') return { state: 'failed', why: { code: 'unsupported', message: noHook } };
  // One whose end was lost, as the program had no stack left.
  if (state === 'failed') return { state, why: { code: 'internal', message: 'The agent failed at this line.' } };
  if (state === 'removed') return { state };
  return monotonicMs() >= expiresAtMs ? { state: 'expired' } : undefined;
}
