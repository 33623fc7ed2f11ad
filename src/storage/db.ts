export type Row = Record<string, unknown>;

/** One statement at a time. Parameters are `$1`, `$2`, … in both engines. */
export interface Queries {
  query<T extends Row = Row>(sql: string, parameters?: unknown[]): Promise<T[]>;
}

/** PostgreSQL, embedded or real, behind one small port. int8 comes back as number, jsonb parsed, timestamptz as epoch ms. */
export interface Db extends Queries {
  readonly engine: 'embedded' | 'postgres';
  tx<T>(run: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
