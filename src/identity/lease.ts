import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { TokenVerifier } from './authenticate.ts';
import type { KeyStore } from './keys.ts';
import { accountId } from './people.ts';
import type { Principal } from './principal.ts';

/** A call shorter than this stands on the check it began with. */
const trustedMs = 1_000;
/** Timers further away than any call lasts are not set; Node would fire the furthest at once. */
const furthestMs = 24 * 3_600_000;

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
  /**
   * Tells the calls of a key, a grant or a person (`accountId()`) that was revoked or disabled here; those of one revoked elsewhere find
   * out when they confirm.
   */
  revoked(name: string): void;
}

interface LeaseSettings {
  keys: Pick<KeyStore, 'find'>;
  clock: Clock;
  /** For people; without it nobody comes with a token. */
  tokens?: Pick<TokenVerifier, 'isGood'> | undefined;
}

/** Leases over the keys of one store, and over the tokens of people. */
export function createLeases({ keys, clock, tokens }: LeaseSettings): Leases {
  const open = new Map<string, Set<() => void>>();

  /** Registers something under each name its caller can lose it by; the returned function takes it off again. */
  function enter(principal: Principal, end: () => void): () => void {
    const names = [...(principal.kind === 'person' ? [accountId(principal)] : []), principal.credentialId ?? []].flat();
    for (const name of names) open.set(name, (open.get(name) ?? new Set()).add(end));
    const leftMs = (principal.expiresAt ?? Number.POSITIVE_INFINITY) - clock.now();
    const callOff = leftMs < furthestMs ? clock.after(leftMs, end) : () => undefined;
    return () => {
      callOff();
      for (const name of names) {
        open.get(name)?.delete(end);
        if (open.get(name)?.size === 0) open.delete(name);
      }
    };
  }

  async function isGood(principal: Principal): Promise<boolean> {
    const { credentialId, expiresAt } = principal;
    if (expiresAt !== undefined && expiresAt <= clock.now()) return false;
    if (principal.kind === 'person') return tokens?.isGood(principal) ?? false;
    if (credentialId === undefined) return true;
    const key = await keys.find(credentialId);
    return key !== undefined && key.revokedAt === undefined && key.expiresAt > clock.now();
  }

  return {
    async during(principal, caller, work) {
      const startedMs = clock.monotonic();
      const stop = new AbortController();
      const forward = () => stop.abort(caller.reason);
      const leave = enter(principal, () => stop.abort(ended()));
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
        caller.removeEventListener('abort', forward);
      }
    },
    revoked(name) {
      for (const end of [...(open.get(name) ?? [])]) end();
    },
  };
}

function ended(): Refusal {
  return new Refusal({
    code: 'invalid_token',
    message: 'The token was revoked or expired while the call ran, so its answer is withheld.',
    next: 'Use a key that is still good, or sign in again; wait_for_hits goes on by actionId.',
  });
}
