import { readConfig } from '../config.ts';
import type { ControlHandler } from '../control.ts';
import { createBridgeKey } from '../hub/signing.ts';
import { createOwners } from '../identity/owner.ts';
import { notShutOut } from '../identity/standing.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { storedGrants } from '../oauth/grants.ts';
import { orders } from '../orders.ts';
import type { Note } from '../replicas/notes.ts';
import { type ExistingStorage, openExisting } from '../storage/open.ts';
import { runningBridge } from './running.ts';
import type { Flags } from './usage.ts';

/** Has an order carried out: by the bridge that runs on this store, which has the embedded database to itself, or else on the data. */
export function order(values: Flags, name: string, input: Record<string, unknown>): Promise<unknown> {
  return ordering(values, (ask) => ask(name, input));
}

/** For several orders, one after the other: without a running bridge the data is opened once. */
export async function ordering<T>(values: Flags, run: (ask: ControlHandler) => Promise<T>): Promise<T> {
  const config = readConfig(values, process.env);
  const log = createLog(config.logLevel);
  const askRunning = runningBridge(config);
  let storage: ExistingStorage | undefined;
  try {
    return await run(async (name, input) => {
      const asked = storage === undefined ? await askRunning(name, input) : undefined;
      if (asked !== undefined) return asked.result;
      storage ??= await openExisting(config, { clock: systemClock, log });
      const { keys, counters, agents, pauses, people, audit } = storage.stores;
      const { seal, secrets } = storage;
      const told: Note[] = [];
      const revoked = (id: string) => void told.push({ note: 'revoked', name: id });
      const owners = createOwners(people, notShutOut, () => false);
      const desk = { keys, owners, counters, audit, clock: systemClock, log, revoked };
      const grants = storedGrants(storage.stores, { clock: systemClock, log, ended: revoked });
      const bridgeKey = createBridgeKey(secrets).publicKey;
      const pausesChanged = () => void told.push({ note: 'pauses' });
      const carryOut = orders({
        ...{ desk, people, grants, agents, pauses, pausesChanged, audit, seal, clock: systemClock, log, bridgeKey },
      });
      try {
        return await carryOut(name, input);
      } finally {
        // Of an order that failed as well: what was revoked or paused is so, also where that could not be recorded.
        if (told.length > 0) await storage.tellBridges(told.map((note) => JSON.stringify(note)));
      }
    });
  } finally {
    await storage?.close();
  }
}
