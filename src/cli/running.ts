import type { Config } from '../config.ts';
import { askControl } from '../control.ts';
import { Refusal } from '../lib/refusal.ts';
import { isAliveOn } from '../storage/alive-on.ts';

/** Asks a running bridge; undefined where none runs that may be asked. */
export type AskRunning = (order: string, input: Record<string, unknown>) => Promise<{ result: unknown } | undefined>;

/**
 * The bridge that runs on the data directory. Where a database is named, only when it is that one which the bridge is on: whoever names a store
 * must not be answered from another one.
 */
export function runningBridge({ dataDirectory, databaseUrl }: Pick<Config, 'dataDirectory' | 'databaseUrl'>): AskRunning {
  let isAsked: boolean | undefined;
  return async (order, input) => {
    isAsked ??= databaseUrl === undefined || (await keepsDataIn(databaseUrl, dataDirectory));
    return isAsked ? askControl(dataDirectory, order, input) : undefined;
  };
}

/** False where it cannot be told, as with a bridge of another version or another user: the database itself is there. */
async function keepsDataIn(databaseUrl: string, dataDirectory: string): Promise<boolean> {
  const told = await askControl(dataDirectory, 'bridge.replica', {}).catch((problem: unknown) => {
    if (problem instanceof Refusal) return undefined;
    throw problem;
  });
  const { replica } = (told?.result ?? {}) as { replica?: unknown };
  return typeof replica === 'string' && (await isAliveOn(databaseUrl, replica));
}
