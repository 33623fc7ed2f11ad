import type { PeopleStore, Person } from '../identity/people.ts';
import type { Db } from './db.ts';

/** What is kept as text beside the columns that statements ask for. */
type Described = Omit<Person, 'org' | 'subject' | 'role' | 'disabledAt' | 'checkedAt'>;

interface PersonRow extends Record<string, unknown> {
  org: string;
  subject: string;
  role: Person['role'];
  disabled_at: number | null;
  checked_at: number;
  described: string;
}

/** People over the database. */
export function createPeopleStore(db: Db): PeopleStore {
  const find: PeopleStore['find'] = async (org, subject) => {
    const [row] = await db.of(org).query<PersonRow>('select * from people where org = $1 and subject = $2', [org, subject]);
    return row && toPerson(row);
  };
  return {
    find,

    async save({ org, subject, role, checkedAt, disabledAt: _kept, ...described }) {
      // What is not named in the update stays: who was shut out a moment ago is not let in by a sign-in that began before.
      await db.of(org).query(
        `insert into people (org, subject, role, checked_at, described) values ($1, $2, $3, $4, $5)
         on conflict (org, subject) do update
         set role = excluded.role, checked_at = excluded.checked_at, described = excluded.described`,
        [org, subject, role, checkedAt, JSON.stringify(described satisfies Described)],
      );
    },

    async list(org) {
      const rows = await db.of(org).query<PersonRow>('select * from people where org = $1 order by subject collate "C"', [org]);
      return rows.map(toPerson);
    },

    async disable(org, subject, now) {
      const changed = await db
        .of(org)
        .query('update people set disabled_at = $3 where org = $1 and subject = $2 and disabled_at is null returning subject', [
          org,
          subject,
          now,
        ]);
      return changed.length > 0;
    },

    async enable(org, subject) {
      const changed = await db
        .of(org)
        .query(
          'update people set disabled_at = null where org = $1 and subject = $2 and disabled_at is not null returning subject',
          [org, subject],
        );
      return changed.length > 0;
    },

    async forget(org, subject) {
      const gone = await db.of(org).query('delete from people where org = $1 and subject = $2 returning subject', [org, subject]);
      return gone.length > 0;
    },
  };
}

function toPerson(row: PersonRow): Person {
  return {
    ...(JSON.parse(row.described) as Described),
    org: row.org,
    subject: row.subject,
    role: row.role,
    checkedAt: row.checked_at,
    ...(row.disabled_at === null ? {} : { disabledAt: row.disabled_at }),
  };
}
