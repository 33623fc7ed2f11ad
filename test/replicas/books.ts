import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { Db } from '../../src/storage/db.ts';

/** What agents were told is stored: by agent, action and the agent's own number of the hit. */
export class Acknowledged {
  readonly #hits = new Map<string, number>();

  /** Of the agent with this id: the frames that the bridge acknowledged. */
  of(agentId: string): (frames: readonly string[]) => void {
    return (frames) => {
      for (const text of frames) {
        const { t, id, hit } = JSON.parse(text) as { t: string; id: string; hit: number };
        if (t === 'hit') this.#hits.set(`${agentId} ${id} ${hit}`, Date.now());
      }
    };
  }

  get size(): number {
    return this.#hits.size;
  }

  /**
   * Those that are not in the table, though their action lived and had room. What came when it had ended, or had all it may, is refused for
   * good, and acknowledged too.
   */
  async lostIn(db: Db): Promise<string[]> {
    const stored = await db.query<{ key: string }>(`select agent_id || ' ' || action_id || ' ' || agent_hit as key from hits`);
    const there = new Set(stored.map(({ key }) => key));
    const rows = await db.query<{ id: string; status_reason: string | null; expires_at: number; ended_at: number | null }>(
      'select id, status_reason, expires_at, ended_at from actions where hits < max_hits',
    );
    const actions = new Map(rows.map((row) => [row.id, row]));
    return [...this.#hits].flatMap(([key, at]) => {
      const action = actions.get(key.split(' ')[1] ?? '');
      if (action === undefined || there.has(key)) return [];
      const { status_reason, expires_at, ended_at } = action;
      const end = Math.min(expires_at, ended_at ?? Number.POSITIVE_INFINITY);
      return at < end ? [`${key}: ${end - at} ms before its end (${status_reason})`] : [];
    });
  }
}

/** What must be true of every table at any time; an empty list when it is. */
export async function mistakesIn(db: Db): Promise<string[]> {
  const wrong: string[] = [];
  const look = async (what: string, sql: string) => {
    const rows = await db.query(sql);
    if (rows.length > 0) wrong.push(`${what}: ${JSON.stringify(rows.slice(0, 5))}`);
  };
  await look(
    'over its limit',
    `select a.id, a.max_hits, count(*) as there from actions a join hits h on h.org = a.org and h.action_id = a.id
    group by a.org, a.id, a.max_hits having count(*) > a.max_hits`,
  );
  await look(
    'counted otherwise than stored',
    `select a.id, a.hits, count(h.number) as there from actions a left join hits h
    on h.org = a.org and h.action_id = a.id group by a.org, a.id, a.hits having count(h.number) <> a.hits`,
  );
  await look(
    'numbered with gaps',
    `select action_id, count(*) as there, max(number) as last from hits group by org, action_id
    having count(*) <> max(number) or min(number) <> 1`,
  );
  await look(
    'a hit of an agent is missing before another one',
    `select action_id, agent_id, count(*) as there, max(agent_hit) as last
    from hits group by org, action_id, agent_id having count(*) <> max(agent_hit)`,
  );
  await look(
    'the audit trail misses a placement',
    `select a.id from actions a where not exists (
    select 1 from audit r where r.record like '%' || a.id || '%')`,
  );
  return wrong;
}

/** Resolves when no action lives and no agent holds a probe; answers what is left when the time is up. */
export async function orphansAfter(db: Db, agents: readonly SimulatedAgent[], withinMs: number): Promise<string[]> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    const live = await db.query<{ id: string }>(`select id from actions where status = 'pending'`);
    const held = agents.flatMap((agent) => [...agent.probes.states.keys()].map((id) => `${agent.id} holds ${id}`));
    const left = [...live.map(({ id }) => `${id} is pending`), ...held];
    if (left.length === 0 || performance.now() > endsAt) return left;
    await new Promise((done) => setTimeout(done, 50));
  }
}
