import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { KeyStore } from './keys.ts';
import type { Principal } from './principal.ts';

/** A call shorter than this stands on the check it began with. */
const trustedMs = 1_000;
/** Timers further away than any call lasts are not set; Node would fire the furthest at once. */
const furthestMs = 3_600_000;

/** A caller's credential during one call. */
export interface Lease {
  /** Aborts with the caller's signal, or with the refusal `invalid_token` when the credential ends. */
  signal: AbortSignal;
  /** Throws `invalid_token` unless the credential is still good. Asked before captured values leave. */
  confirm(): Promise<void>;
}

/** Ends calls under way with the credential they came with. */
export interface Leases {
  during<T>(principal: Principal, caller: AbortSignal, work: (lease: Lease) => Promise<T>): Promise<T>;
  /** Tells the calls of a credential that was revoked here; those of one revoked elsewhere find out when they confirm. */
  revoked(credentialId: string): void;
}

/** Leases over the keys of one store. */
export function createLeases({ keys, clock }: { keys: Pick<KeyStore, 'find'>; clock: Clock }): Leases {
  const open = new Map<string, Set<() => void>>();

  /** Registers a call of a credential; the returned function takes it off again. */
  function enter(credentialId: string | undefined, end: () => void): () => void {
    if (credentialId === undefined) return () => undefined;
    const ends = open.get(credentialId) ?? new Set();
    open.set(credentialId, ends.add(end));
    return () => {
      ends.delete(end);
      if (ends.size === 0) open.delete(credentialId);
    };
  }

  async function isGood({ credentialId, expiresAt }: Principal): Promise<boolean> {
    if (expiresAt !== undefined && expiresAt <= clock.now()) return false;
    if (credentialId === undefined) return true;
    const key = await keys.find(credentialId);
    return key !== undefined && key.revokedAt === undefined && key.expiresAt > clock.now();
  }

  return {
    async during(principal, caller, work) {
      const startedMs = clock.monotonic();
      const stop = new AbortController();
      const forward = () => stop.abort(caller.reason);
      const end = () => stop.abort(ended());
      const leave = enter(principal.credentialId, end);
      const leftMs = (principal.expiresAt ?? Number.POSITIVE_INFINITY) - clock.now();
      const callOff = leftMs < furthestMs ? clock.after(leftMs, end) : () => undefined;
      if (caller.aborted) forward();
      caller.addEventListener('abort', forward, { once: true });
      const { signal } = stop;
      try {
        return await work({
          signal,
          async confirm() {
            if (signal.reason instanceof Refusal && signal.reason.code === 'invalid_token') throw signal.reason;
            if (clock.monotonic() - startedMs >= trustedMs && !(await isGood(principal))) throw ended();
          },
        });
      } finally {
        leave();
        callOff();
        caller.removeEventListener('abort', forward);
      }
    },
    revoked(credentialId) {
      for (const end of [...(open.get(credentialId) ?? [])]) end();
    },
  };
}

function ended(): Refusal {
  return new Refusal({
    code: 'invalid_token',
    message: 'The token was revoked or expired while the call ran, so its answer is withheld.',
    next: 'Use a key that is still good; wait_for_hits goes on by actionId.',
  });
}
