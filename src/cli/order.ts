import { readConfig } from '../config.ts';
import { askControl, type ControlHandler } from '../control.ts';
import { createBridgeKey } from '../hub/signing.ts';
import { createOwners } from '../identity/owner.ts';
import { notShutOut } from '../identity/standing.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { storedGrants } from '../oauth/grants.ts';
import { orders } from '../orders.ts';
import { openExisting, type Storage } from '../storage/open.ts';
import type { Flags } from './usage.ts';

/** Has an order carried out: by the running bridge, which has the embedded database to itself, or else on the data. */
export function order(values: Flags, name: string, input: Record<string, unknown>): Promise<unknown> {
  return ordering(values, (ask) => ask(name, input));
}

/** For several orders, one after the other: without a running bridge the data is opened once. */
export async function ordering<T>(values: Flags, run: (ask: ControlHandler) => Promise<T>): Promise<T> {
  const config = readConfig(values, process.env);
  const log = createLog(config.logLevel);
  let storage: Storage | undefined;
  try {
    return await run(async (name, input) => {
      const asked = storage === undefined ? await askControl(config.dataDirectory, name, input) : undefined;
      if (asked !== undefined) return asked.result;
      storage ??= await openExisting(config, { clock: systemClock, log });
      const { keys, counters, agents, pauses, people, audit } = storage.stores;
      const { seal, secrets } = storage;
      const desk = { keys, owners: createOwners(people, notShutOut, () => false), counters, audit, clock: systemClock, log };
      const grants = storedGrants(storage.stores, { clock: systemClock, log });
      const bridgeKey = createBridgeKey(secrets).publicKey;
      return orders({ desk, people, grants, agents, pauses, audit, seal, clock: systemClock, log, bridgeKey })(name, input);
    });
  } finally {
    await storage?.close();
  }
}
