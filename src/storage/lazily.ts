import type { Db } from './db.ts';

/**
 * One write that need not survive a crash of the machine: it is visible at once and reaches the disk with the next durable
 * commit. For reports that are made anew after a restart, such as what an agent said of an action; it saves a flush.
 */
export function lazily(db: Db, sql: string, parameters: unknown[]): Promise<void> {
  return db.tx(async ({ query }) => {
    await query('set local synchronous_commit to off');
    await query(sql, parameters);
  });
}
