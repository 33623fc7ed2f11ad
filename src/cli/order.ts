import { readConfig } from '../config.ts';
import { askControl } from '../control.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { orders } from '../orders.ts';
import { openExisting } from '../storage/open.ts';
import type { Flags } from './usage.ts';

/** Has an order carried out: by the running bridge, which has the embedded database to itself, or else on the data. */
export async function order(values: Flags, name: string, input: Record<string, unknown>): Promise<unknown> {
  const config = readConfig(values, process.env);
  const asked = await askControl(config.dataDirectory, name, input);
  if (asked !== undefined) return asked.result;
  const storage = await openExisting(config, { clock: systemClock, log: createLog(config.logLevel) });
  try {
    const { keys, agents, pauses, audit } = storage.stores;
    return await orders({ keys, agents, pauses, audit, clock: systemClock })(name, input);
  } finally {
    await storage.close();
  }
}
