import type { AgentRecord, AgentStore } from '../targets/agent.ts';
import type { Db } from './db.ts';
import { lazily } from './lazily.ts';

type Described = Omit<AgentRecord, 'org' | 'id' | 'connected' | 'lastSeenAt'>;

interface AgentRow extends Record<string, unknown> {
  id: string;
  connected: boolean;
  last_seen_at: number;
  described: string;
}

/** Agents over the database. */
export function createAgentStore(db: Db): AgentStore {
  return {
    async upsert({ org, id, connected, lastSeenAt, ...rest }) {
      const described: Described = rest;
      await db.of(org).query(
        `insert into agents (org, id, connected, last_seen_at, described)
         select $1, $2, $3::boolean, $4::int8, $5 where ${lazily}
         on conflict (org, id) do update set connected = excluded.connected, last_seen_at = excluded.last_seen_at, described = excluded.described`,
        [org, id, connected, lastSeenAt, JSON.stringify(described)],
      );
    },

    async seen(org, id, now, connected) {
      await db.of(org).query(
        `update agents set connected = $4, last_seen_at = greatest(last_seen_at, $3::int8)
         where org = $1 and id = $2 and ${lazily}`,
        [org, id, now, connected],
      );
    },

    async find(org, id) {
      const [row] = await db
        .of(org)
        .query<AgentRow>('select id, connected, last_seen_at, described from agents where org = $1 and id = $2', [org, id]);
      return row && toRecord(org, row);
    },

    async list(org, seenSince) {
      const rows = await db
        .of(org)
        .query<AgentRow>(
          'select id, connected, last_seen_at, described from agents where org = $1 and (connected or last_seen_at >= $2) order by last_seen_at desc, id',
          [org, seenSince],
        );
      return rows.map((row) => toRecord(org, row));
    },

    async disconnectAll() {
      await db.query('update agents set connected = false where connected');
    },
  };
}

function toRecord(org: string, row: AgentRow): AgentRecord {
  const described = JSON.parse(row.described) as Described;
  return { ...described, org, id: row.id, connected: row.connected, lastSeenAt: row.last_seen_at };
}
