export type Row = Record<string, unknown>;

/** One statement at a time. Parameters are `$1`, `$2`, … in both engines. */
export interface Queries {
  query<T extends Row = Row>(sql: string, parameters?: unknown[]): Promise<T[]>;
}

/** What one transaction has that others do not. */
export interface TxOptions {
  /** How long a server may take for a statement before it is taken for gone, where that is longer than for others. */
  maxAnswerMs?: number;
}

/** Statements one by one, or several as one transaction. */
export interface Statements extends Queries {
  tx<T>(run: (queries: Queries) => Promise<T>, options?: TxOptions): Promise<T>;
}

/**
 * PostgreSQL, embedded or real, behind one small port. int8 comes back as number, jsonb parsed, timestamptz as epoch ms. What is asked of
 * itself is asked over all organisations: for housekeeping, and to find out whose a key is.
 */
export interface Db extends Statements {
  readonly engine: 'embedded' | 'postgres';
  /**
   * For everything done for a caller or an agent: to these statements, rows of other organisations do not exist. A second wall behind their
   * own `where org = …`, kept by PostgreSQL (row-level security); the embedded database runs as its superuser and has the first one only.
   */
  of(org: string): Statements;
  /** Connections to a server now; absent where there are none. */
  connections?(): { used: number; idle: number; waiting: number };
  close(): Promise<void>;
}
