import pg from 'pg';

/** The database is asked once more by whoever opens it; this one only has to be quicker than a person's patience. */
const maxMs = 5_000;

/**
 * Whether the replica of this id is alive in the database behind a URL. Ids are new at every start, so that is the database its bridge keeps
 * its data in, however either of them spells its address. False where it cannot be told. Changes nothing, not even an old schema.
 */
export async function isAliveOn(url: string, replica: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'sidelight',
    connectionTimeoutMillis: maxMs,
    query_timeout: maxMs,
  });
  // One that breaks while it is idle fails the next statement anyway.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('select 1 from replicas where id = $1 and lease_until > sidelight_now()', [replica]);
    return rows.length > 0;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
