import { Refusal } from '../lib/refusal.ts';

/**
 * SQLSTATE classes and codes that mean "not now": connection, authorization, resources, operator intervention and statement timeout, system,
 * no such database, read-only, lock timeout, serialization, deadlock.
 */
const notNow = /^(08|28|53|57|58|3D000|25006|55P03|40001|40P01)/;
/** The server, or the session by the settings it began with, takes no writes: a standby, or a primary that was put out of use. */
const readOnly = '25006';
/** Of a privilege that the role lacks. A row that row-level security keeps out has the same SQLSTATE, and is a defect of ours. */
const isForbidden = ({ code, routine }: { code?: unknown; routine?: unknown }) =>
  code === '42501' && routine === 'aclcheck_error';
const systemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ENOENT',
]);
const clientMessages =
  /timeout exceeded when trying to connect|Connection terminated|is not queryable|Query read timeout|Cannot use a pool after calling end|cached plan must not change/;

/** The five-character code of an error that PostgreSQL itself reported, and the error still leaves it working. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity !== 'PANIC' && severity !== 'FATAL'
    ? code
    : undefined;
}

/** Whether its connection can go on: PostgreSQL said what is wrong, and that is not the connection itself. */
export function leavesUsable(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && state !== readOnly;
}

/** Where a server is. */
export interface Server {
  address: string;
  port: number;
}

/** What is kept of the error: PostgreSQL's own have the statement, its parameters and the row beside these. */
const keptFields = ['code', 'severity', 'routine', 'errno', 'syscall', 'path', 'address', 'port'] as const;

/** Why the database was not to be had, for the log and for the operator; callers are not told. */
export class DatabaseFailure extends Error {
  override readonly name = 'DatabaseFailure';
  /** SQLSTATE, or what the system or the driver calls it. */
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;

  constructor(error: unknown, server?: Server) {
    // A name with several addresses has an error for each, and no message of its own.
    const { errors = [] } = (error ?? {}) as { errors?: unknown[] };
    const first = errors[0] ?? error;
    super(first instanceof Error ? first.message : String(first));
    const facts = (first ?? {}) as Record<string, unknown>;
    const kept = keptFields.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]]));
    Object.assign(this, server, Object.fromEntries(kept));
    // The refusal says where.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** The reason that a refusal was made of, or one that it was made of in turn. */
export function failureBehind(problem: unknown): DatabaseFailure | undefined {
  if (problem instanceof DatabaseFailure) return problem;
  return problem instanceof Error && problem.cause !== undefined ? failureBehind(problem.cause) : undefined;
}

/**
 * What a caller is told of a database error that is no defect of ours: a text PostgreSQL cannot hold (it stores no NUL
 * character), or a server that is away. Everything else is handed back as it is. Neither SQL nor parameters are repeated.
 */
export function asRefusal(error: unknown, server?: Server): unknown {
  if (error instanceof Refusal) return error;
  const { code, message, routine } = (error ?? {}) as { code?: unknown; message?: unknown; routine?: unknown };
  if (code === '22021')
    return new Refusal({
      code: 'invalid_input',
      message: 'A text holds a NUL character.',
      next: 'Send it without that character.',
    });
  const isAway = typeof code === 'string' && (notNow.test(code) || systemCodes.has(code));
  return isAway || isForbidden({ code, routine }) || clientMessages.test(String(message)) ? away(error, server) : error;
}

/** No connection could be made, for whatever reason: that is never the fault of who asked. */
export function away(error: unknown, server?: Server): Refusal {
  const refusal = unavailable(
    'The database cannot be reached or does not answer in time.',
    'Try again; if it stays so, look at the log of the bridge.',
  );
  refusal.cause = new DatabaseFailure(error, server);
  return refusal;
}

/** The storage cannot be used: what is wrong, and what the operator or the caller can do. */
export function unavailable(message: string, next: string): Refusal {
  return new Refusal({ code: 'unavailable', message, next });
}
