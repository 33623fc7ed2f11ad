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

    async save(person, read) {
      const { org, subject } = person;
      const values = [org, subject, person.role, person.checkedAt, describe(person)];
      const saved =
        read === undefined
          ? await db.of(org).query(
              `insert into people (org, subject, role, checked_at, described) values ($1, $2, $3, $4, $5)
               on conflict (org, subject) do nothing returning subject`,
              values,
            )
          : await db.of(org).query(
              `update people set role = $3, checked_at = $4, described = $5 where org = $1 and subject = $2
               and role = $6 and checked_at = $7 and described = $8 and disabled_at is not distinct from $9::int8 returning subject`,
              [...values, read.role, read.checkedAt, describe(read), read.disabledAt ?? null],
            );
      return saved.length > 0;
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

    async forget(org, subject, disabledAt) {
      const gone = await db
        .of(org)
        .query(
          `delete from people where org = $1 and subject = $2 and ($3::int8 is null or disabled_at = $3) returning subject`,
          [org, subject, disabledAt ?? null],
        );
      return gone.length > 0;
    },
  };
}

/** The same text for whoever was read and not changed, because the order of the parts is that of the row. */
function describe({ org: _org, subject: _subject, role: _role, disabledAt: _set, checkedAt: _at, ...described }: Person): string {
  return JSON.stringify(described satisfies Described);
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
