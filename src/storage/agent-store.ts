import type { AgentRecord, AgentStore, Among } from '../targets/agent.ts';
import type { Db } from './db.ts';
import { lazily } from './lazily.ts';
import { isConnected } from './replica-store.ts';

/** Whether one comes back is all that is asked of them. */
const maxBetween = 1_000;
/** Those that are gone are for looking back; a key that is used wrongly may leave thousands an hour. */
const maxGone = 2_000;

type Described = Omit<AgentRecord, 'org' | 'id' | 'connected' | 'lastSeenAt'>;

interface AgentRow extends Record<string, unknown> {
  id: string;
  connected: boolean;
  last_seen_at: number;
  described: string;
  replica: string;
}

/** The bridge that has it may have died without a word: then it was seen while that one was alive. */
const columns = `g.id, ${isConnected('g')} as connected, g.described, g.replica,
  greatest(g.last_seen_at, (select least(r.lease_until, sidelight_now()) from replicas r where r.id = g.replica and g.connected))
    as last_seen_at`;

/** Agents over the database. */
export function createAgentStore(db: Db): AgentStore {
  return {
    async connected({ org, id, connected: _, lastSeenAt, ...rest }, replica) {
      const described: Described = rest;
      const [row] = await db.of(org).query<{ epoch: number; from_replica: string | null }>(
        `with before as (select replica from agents g where g.org = $1 and g.id = $2 and ${isConnected('g')})
         insert into agents (org, id, connected, last_seen_at, described, replica, service, epoch)
         select $1, $2, true, $3::int8, $4, $5, $6, 1 where ${lazily}
         on conflict (org, id) do update set connected = true, last_seen_at = excluded.last_seen_at,
           described = excluded.described, replica = excluded.replica, service = excluded.service, epoch = agents.epoch + 1
         returning epoch, (select replica from before) as from_replica`,
        [org, id, lastSeenAt, JSON.stringify(described), replica, described.service],
      );
      return { epoch: row?.epoch ?? 0, ...(row?.from_replica ? { from: row.from_replica } : {}) };
    },

    async disconnected(org, id, { replica, epoch }, now, saidBye = false) {
      // Without a replica it belongs to none, and none waits for it.
      await db.of(org).query(
        `update agents set connected = false, last_seen_at = greatest(last_seen_at, $3::int8),
           replica = case when $6 then null else replica end
         where org = $1 and id = $2 and replica = $4 and epoch = $5 and ${lazily}`,
        [org, id, now, replica, epoch, saidBye],
      );
    },

    async stands(org, id, { replica, epoch }) {
      const [row] = await db.of(org).query<{ stands: boolean; moved: boolean }>(
        `with standing as (
           update agents set connected = true where org = $1 and id = $2 and replica = $3 and epoch = $4 and ${lazily}
           returning 1)
         select exists (select from standing) as stands,
           exists (select from agents where org = $1 and id = $2 and epoch > $4) as moved`,
        [org, id, replica, epoch],
      );
      if (row?.stands === true) return 'stands';
      return row?.moved === true ? 'moved' : 'unknown';
    },

    connectedTo: (replica) => db.query('select org, id, epoch from agents where replica = $1 and connected', [replica]),

    async find(org, id) {
      const [row] = await db.of(org).query<AgentRow>(`select ${columns} from agents g where g.org = $1 and g.id = $2`, [org, id]);
      return row && toRecord(org, row);
    },

    async list(org, seenSince) {
      const rows = await db.of(org).query<AgentRow>(
        `with known as (select * from (select ${columns} from agents g where g.org = $1) each where connected or last_seen_at >= $2)
         select * from (
           (select * from known where connected)
           union all (select * from known where not connected order by last_seen_at desc, id limit ${maxGone})
         ) listed order by last_seen_at desc, id`,
        [org, seenSince],
      );
      return rows.map((row) => toRecord(org, row));
    },

    async between(org, seenSince, among = {}) {
      if (isNobody(among)) return [];
      const { service, agentIds } = among;
      const rows = await db.of(org).query<AgentRow>(
        `select * from (select ${columns} from agents g where g.org = $1 and g.replica is not null
             and ($3::text is null or g.service = $3) and ($4::text[] is null or g.id = any($4))) known
           where not connected and last_seen_at >= $2 order by last_seen_at desc, id limit ${maxBetween}`,
        [org, seenSince, service ?? null, agentIds ?? null],
      );
      return rows.map((row) => toRecord(org, row));
    },

    async elsewhere(org, replica, among = {}) {
      if (isNobody(among)) return [];
      const { service, agentIds } = among;
      const rows = await db.of(org).query<AgentRow>(
        `select ${columns} from agents g where g.org = $1 and g.replica <> $2 and ${isConnected('g')}
           and ($3::text is null or g.service = $3) and ($4::text[] is null or g.id = any($4))`,
        [org, replica, service ?? null, agentIds ?? null],
      );
      return rows.map((row) => ({ agent: toRecord(org, row), replica: row.replica }));
    },

    async whereIs(org, id) {
      const [row] = await db
        .of(org)
        .query<{ replica: string }>(`select g.replica from agents g where g.org = $1 and g.id = $2 and ${isConnected('g')}`, [
          org,
          id,
        ]);
      return row?.replica;
    },
  };
}

/** What PostgreSQL cannot hold it need not be asked for. */
const isNobody = ({ service, agentIds }: Among): boolean =>
  service?.includes('\0') === true || agentIds?.some((id) => id.includes('\0')) === true;

function toRecord(org: string, row: AgentRow): AgentRecord {
  const described = JSON.parse(row.described) as Described;
  return { ...described, org, id: row.id, connected: row.connected, lastSeenAt: row.last_seen_at };
}
