import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type Checkpoint, signCheckpoint } from './checkpoint.ts';
import { createDelivery } from './delivery.ts';
import type { AuditLedger } from './ledger.ts';
import { sealingLeftBehind } from './left-behind.ts';
import type { AuditSeal } from './seal.ts';
import type { Sink } from './sinks.ts';

/** A checkpoint is made when there was news for so long, or so much of it. */
const afterMs = 300_000;
const afterRecords = 1_000;

/** Signs how far this node's chain has come, and those that were left behind. */
export interface Checkpointer {
  /** Makes one where it is time to. */
  turn(): Promise<void>;
  /** Signs the ends of chains whose nodes are gone. */
  turnLeftBehind(): Promise<void>;
  /** Records that no checkpoint covers yet, and checkpoints that a sink has not taken. */
  lag(): Promise<{ unsigned: number; undelivered: number }>;
  /** Makes the last one. */
  close(): Promise<void>;
}

interface Surroundings {
  seal: AuditSeal;
  ledger: AuditLedger;
  sinks: Sink[];
  clock: Clock;
  log: Log;
}

/** Checkpoints go into the database and to every sink. What one of these cannot take stops no call. */
export function createCheckpointer({ seal, ledger, sinks, clock, log }: Surroundings): Checkpointer {
  const deliveries = sinks.map((sink) => createDelivery(sink, { clock, log }));
  const deliver = (checkpoint: Checkpoint) => {
    for (const delivery of deliveries) delivery.add(checkpoint);
  };
  const startedMs = clock.monotonic();
  let last: { seq: number; atMs: number } | undefined;
  /** The one before is under another secret: whoever does not have the new one learns from a checkpoint where it begins. */
  let isOwed = false;

  const before = () => ledger.lastCheckpoint(seal.node);

  let making: Promise<void> = Promise.resolve();

  /** One at a time: the end of the bridge comes beside a turn, and both would make the same. */
  function make(isDue: (records: number, ageMs: number) => boolean): Promise<void> {
    const made = making.then(() => makeNow(isDue));
    making = made.catch(() => undefined);
    return made;
  }

  async function makeNow(isDue: (records: number, ageMs: number) => boolean): Promise<void> {
    const end = await ledger.end(seal.node);
    if (end === undefined) return;
    if (last === undefined) {
      const stored = await before();
      isOwed = stored !== undefined && stored.keyId !== seal.keyId;
      last = { seq: stored?.seq ?? 0, atMs: startedMs };
    }
    const count = end.seq - last.seq;
    if (count <= 0 || !(isOwed || isDue(count, clock.monotonic() - last.atMs))) return;
    const checkpoint = signCheckpoint(seal, { kind: 'checkpoint', node: seal.node, ...end, count, at: clock.now() });
    last = { seq: end.seq, atMs: clock.monotonic() };
    isOwed = false;
    deliver(checkpoint);
    await ledger.addCheckpoint(checkpoint);
  }

  return {
    turn: () => make((records, ageMs) => records >= afterRecords || ageMs >= afterMs),
    turnLeftBehind: sealingLeftBehind({ seal, ledger, deliver, clock, log }),
    async lag() {
      const seq = last?.seq ?? (await before())?.seq ?? 0;
      const end = await ledger.end(seal.node);
      const undelivered = deliveries.reduce((sum, delivery) => sum + delivery.waiting(), 0);
      return { unsigned: end === undefined ? 0 : end.seq - seq, undelivered };
    },
    async close() {
      await make(() => true).catch((problem: unknown) => {
        log.error({ err: problem }, 'the last audit checkpoint could not be made');
      });
      await Promise.all(deliveries.map((delivery) => delivery.close()));
    },
  };
}
