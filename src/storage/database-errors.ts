import { Refusal } from '../lib/refusal.ts';

/** SQLSTATE classes and codes that mean "not now": connection, operator intervention, resources, statement timeout, lock timeout. */
const notNow = /^(08|53|57|58|55P03|40001|40P01)/;
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

/**
 * What a caller is told of a database error that is no defect of ours: a text PostgreSQL cannot hold (it stores no NUL
 * character), or a server that is away. Everything else is handed back as it is. Neither SQL nor parameters are repeated.
 */
export function asRefusal(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code === '22021')
    return new Refusal({
      code: 'invalid_input',
      message: 'A text holds a NUL character.',
      next: 'Send it without that character.',
    });
  if ((typeof code === 'string' && (notNow.test(code) || systemCodes.has(code))) || clientMessages.test(String(message))) {
    return unavailable(
      'The database cannot be reached or does not answer in time.',
      'Try again; if it stays so, look at the log of the bridge.',
    );
  }
  return error;
}

/** The storage cannot be used: what is wrong, and what the operator or the caller can do. */
export function unavailable(message: string, next: string): Refusal {
  return new Refusal({ code: 'unavailable', message, next });
}
