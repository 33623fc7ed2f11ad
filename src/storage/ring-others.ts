import { newId } from '../lib/id.ts';
import type { Bell, Ear } from '../replicas/bell.ts';
import type { Db } from './db.ts';

/** Rings at every bridge that is alive on this database, for a program that is none of them. Rejects where they cannot be told. */
export async function ringOthers(
  db: Db,
  openBell: (replica: string, ear: Ear) => Promise<Bell>,
  notes: readonly string[],
): Promise<void> {
  const alive = await db.query<{ id: string }>('select id from replicas where lease_until > sidelight_now()');
  if (alive.length === 0) return;
  // Nobody knows this id, so nobody rings back.
  const bell = await openBell(newId('op'), { heard: () => undefined, missed: () => undefined });
  for (const note of notes)
    bell.ring(
      alive.map(({ id }) => id),
      note,
    );
  await bell.close();
}
