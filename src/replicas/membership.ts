import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { alikeNames, differingIn, warningOf } from './alike.ts';
import type { Replica, ReplicaStore } from './replica-store.ts';

/** How long a replica counts as alive after its last word, and how often it says one. */
const leaseMs = 15_000;
const renewMs = 4_000;
/** A replica whose clock is further off than that ends actions too early or too late. */
const maxClockOffMs = 5_000;
/** For a bridge that is alone on its data: a lock keeps others away, so nobody asks whether it lives. */
const foreverMs = 100 * 365 * 24 * 3_600_000;
/** Agents of a replica that died are written down as disconnected this long after the end of its lease. */
const goneMs = 30_000;

/** That this replica is known to the others, and they to it. */
export interface Membership {
  readonly id: string;
  /** The others that are alive, as far as is known here. */
  others(): readonly Replica[];
  /** Whether the others take it for alive. */
  isHeld(): boolean;
  /** Whether its clock agrees with that of the database. */
  isOnTime(): boolean;
  /** A replica that has just said that it is there. */
  met(id: string): void;
  leave(): Promise<void>;
}

interface Joining {
  store: ReplicaStore;
  self: Omit<Replica, 'policyHash'>;
  policyHash(): string;
  clock: Clock;
  log: Log;
  /** After each renewal: whether others may have taken it for dead, and how many agents the table has as connected to it. */
  renewed(wasLost: boolean, agents: number): void;
}

/** Makes the replica known; its lease is renewed until it leaves. */
export async function join({ store, self, policyHash, clock, log, renewed }: Joining): Promise<Membership> {
  let others: readonly Replica[] = [];
  const metSince = new Set<string>();
  let heldUntil = 0;
  let clockOffMs = 0;
  let isLeaving = false;
  const warned = new Map<string, string>();
  let callOff = () => {};
  let renewing: Promise<void> | undefined;

  const warnOnce = (what: string, about: string, say: () => void) => {
    if (about !== '' && warned.get(what) !== about) say();
    warned.set(what, about);
  };

  async function renew(): Promise<void> {
    const asked = clock.monotonic();
    const wasHeld = asked < heldUntil;
    const own = { ...self, policyHash: policyHash() };
    const before = clock.now();
    metSince.clear();
    const found = await store.renew(own, leaseMs);
    // Whoever said hello since the question may not be in the answer.
    others = [...found.others, ...others.filter(({ id }) => metSince.has(id) && found.others.every((other) => other.id !== id))];
    // By the monotonic clock from before the question: never later than the database's end.
    heldUntil = asked + leaseMs;
    // An answer that took long says little of the clock: as much as is certain.
    const between = [before - found.now, clock.now() - found.now] as const;
    clockOffMs = Math.max(0, between[0]) + Math.min(0, between[1]);
    const isOff = Math.abs(clockOffMs) > maxClockOffMs;
    warnOnce('clock', isOff ? 'off' : '', () =>
      log.warn({ clockOffMs: Math.round(clockOffMs) }, 'the clock of this machine differs from that of the database'),
    );
    // Whoever has only said hello has told nothing of itself yet.
    for (const name of alikeNames) {
      const replicas = differingIn(name, own, found.others).map(({ id, host }) => ({ id, host }));
      const ids = replicas.map(({ id }) => id).sort();
      warnOnce(name, ids.join(' '), () => log.warn({ replicas }, warningOf(name)));
    }
    renewed(!wasHeld, found.agents);
  }

  const bury = () =>
    store.bury(goneMs).catch((problem: unknown) => {
      log.warn({ err: problem }, 'what replicas left that are gone was not cleared away');
    });

  const again = () => {
    if (isLeaving) return;
    callOff = clock.after(renewMs, () => {
      renewing = renew()
        .then(bury, (problem: unknown) => {
          log.warn({ err: problem }, 'the lease of this replica could not be renewed');
        })
        .then(again);
    });
  };

  heldUntil = Number.POSITIVE_INFINITY;
  await renew();
  await bury();
  again();
  return {
    id: self.id,
    others: () => others,
    isHeld: () => clock.monotonic() < heldUntil,
    isOnTime: () => Math.abs(clockOffMs) <= maxClockOffMs,
    met(id) {
      metSince.add(id);
      if (others.every((other) => other.id !== id))
        others = [...others, { id, host: '', version: '', startedAt: 0, policyHash: '' }];
    },
    async leave() {
      isLeaving = true;
      callOff();
      // One that is under way would come behind the end.
      await renewing;
      await store.leave(self.id);
    },
  };
}

/** For a database that only one bridge can have: whoever had it before is gone. */
export async function joinAlone(store: ReplicaStore, self: Replica): Promise<Membership> {
  const { others } = await store.renew(self, foreverMs);
  for (const { id } of others) await store.leave(id);
  await store.bury(0);
  return {
    id: self.id,
    others: () => [],
    isHeld: () => true,
    isOnTime: () => true,
    met: () => undefined,
    leave: () => store.leave(self.id),
  };
}
