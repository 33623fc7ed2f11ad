import type { Replica, ReplicaStore } from '../replicas/replica-store.ts';
import type { Db } from './db.ts';

/** Whoever asked is long gone by then. */
const keptQuestionMs = 60_000;
const keptReplicaMs = 3_600_000;

/** Whether a bridge has this agent that is alive, or was until so long ago; `agent` is the name of its row. */
export const isConnected = (agent: string, graceMs = 0): string =>
  `(${agent}.connected and exists (
     select 1 from replicas r where r.id = ${agent}.replica and r.lease_until > sidelight_now() - ${graceMs}))`;

interface ReplicaRow extends Record<string, unknown> {
  id: string;
  host: string;
  version: string;
  started_at: number;
  policy_hash: string;
  bus_hash: string | null;
  public_url_hash: string | null;
  now: number;
  agents: number;
}

/** Replicas over the database. */
export function createReplicaStore(db: Db): ReplicaStore {
  return {
    async renew({ id, host, version, startedAt, policyHash, busHash, publicUrlHash }, leaseMs) {
      const rows = await db.query<ReplicaRow>(
        `with renewed as (
           insert into replicas (id, host, version, started_at, policy_hash, bus_hash, public_url_hash, lease_until)
           values ($1, $2, $3, $4::int8, $5, $6, $7, sidelight_now() + $8::int8)
           on conflict (id) do update set lease_until = excluded.lease_until, policy_hash = excluded.policy_hash
           returning sidelight_now() as now)
         select renewed.now, (select count(*) from agents g where g.replica = $1 and g.connected) as agents,
           r.id, r.host, r.version, r.started_at, r.policy_hash, r.bus_hash, r.public_url_hash
         from renewed left join replicas r on r.id <> $1 and r.lease_until > renewed.now`,
        [id, host, version, startedAt, policyHash, busHash ?? null, publicUrlHash ?? null, leaseMs],
      );
      return {
        now: rows[0]?.now ?? 0,
        agents: rows[0]?.agents ?? 0,
        others: rows.filter((row) => row.id !== null).map(toReplica),
      };
    },
    async leave(id) {
      await db.query('update replicas set lease_until = 0 where id = $1', [id]);
    },
    async bury(goneMs) {
      await db.query(
        `update agents g set connected = false, last_seen_at = greatest(g.last_seen_at, r.lease_until)
         from replicas r where r.id = g.replica and g.connected and r.lease_until < sidelight_now() - $1::int8`,
        [goneMs],
      );
      await db.query('delete from replicas where lease_until < sidelight_now() - $1::int8', [keptReplicaMs]);
      await db.query('delete from replica_questions where asked_at < sidelight_now() - $1::int8', [keptQuestionMs]);
    },
    async ask(id, question) {
      await db.query('insert into replica_questions (id, asked_at, question) values ($1, sidelight_now(), $2)', [id, question]);
    },
    async questionOf(id) {
      const [row] = await db.query<{ question: string }>(
        'select question from replica_questions where id = $1 and answer is null',
        [id],
      );
      return row?.question;
    },
    async answer(id, answer) {
      await db.query('update replica_questions set answer = $2 where id = $1', [id, answer]);
    },
    async take(id) {
      const [row] = await db.query<{ answer: string }>(
        'delete from replica_questions where id = $1 and answer is not null returning answer',
        [id],
      );
      return row?.answer;
    },
  };
}

function toReplica({ id, host, version, started_at, policy_hash, bus_hash, public_url_hash }: ReplicaRow): Replica {
  const told = { policyHash: policy_hash, busHash: bus_hash ?? undefined, publicUrlHash: public_url_hash ?? undefined };
  return { id, host, version, startedAt: started_at, ...told };
}
