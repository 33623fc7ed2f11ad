import type { PauseStore } from '../targets/pause.ts';
import type { Db } from './db.ts';

/** The operator's pauses over the database. */
export function createPauseStore(db: Db): PauseStore {
  return {
    async all() {
      const rows = await db.query<{ org: string; paused_at: number }>('select org, paused_at from paused_orgs');
      return rows.map((row) => ({ org: row.org, pausedAt: row.paused_at }));
    },
    async pause(org, now) {
      await db.of(org).query('insert into paused_orgs (org, paused_at) values ($1, $2) on conflict (org) do nothing', [org, now]);
    },
    async resume(org) {
      await db.of(org).query('delete from paused_orgs where org = $1', [org]);
    },
  };
}
