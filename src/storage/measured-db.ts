import { SpanKind } from '@opentelemetry/api';
import type { Clock } from '../lib/clock.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { inSpan } from '../telemetry/tracing.ts';
import type { Db, Row, Statements } from './db.ts';

/** First words of our statements that may be in the name of a span. */
const verbs: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'with']);

/** The same database; how long it takes and what is under way is told. Of a statement only its first word is. */
export function measuredDb(db: Db, telemetry: Telemetry, clock: Clock): Db {
  let underWay = 0;
  telemetry.gauge('databaseUnderWay', () => underWay);
  const { connections } = db;
  if (connections !== undefined) telemetry.gauge('databaseConnections', () => ({ ...connections.call(db) }));

  async function timed<T>(operation: 'statement' | 'transaction', name: string, run: () => Promise<T>): Promise<T> {
    const startedMs = clock.monotonic();
    let outcome = 'failed';
    underWay += 1;
    try {
      const result = await inSpan(name, run, { 'db.system.name': 'postgresql' }, SpanKind.CLIENT);
      outcome = 'done';
      return result;
    } finally {
      underWay -= 1;
      telemetry.observe('statementSeconds', { operation, outcome }, (clock.monotonic() - startedMs) / 1_000);
    }
  }

  const measured = (statements: Statements): Statements => ({
    query: <T extends Row>(sql: string, parameters?: unknown[]) =>
      timed('statement', verbOf(sql), () => statements.query<T>(sql, parameters)),
    tx: (run, options) => timed('transaction', 'transaction', () => statements.tx(run, options)),
  });

  return {
    engine: db.engine,
    ...measured(db),
    of: (org) => measured(db.of(org)),
    close: () => db.close(),
    ...(connections === undefined ? {} : { connections: () => connections.call(db) }),
  };
}

function verbOf(sql: string): string {
  const verb = /^\s*(\w+)/.exec(sql)?.[1]?.toLowerCase() ?? '';
  return verbs.has(verb) ? verb : 'statement';
}
