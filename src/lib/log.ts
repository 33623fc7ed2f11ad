import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

export type Log = Logger;

/** What is logged of an error. A database's error has the statement, its parameters and the row beside these: captured values. */
const errorFields: ReadonlySet<string> = new Set([
  ...['type', 'name', 'message', 'stack', 'code', 'errno', 'syscall', 'path', 'address', 'port', 'severity'],
  ...['schema', 'table', 'column', 'constraint', 'routine'],
]);

/** Whatever was thrown, as it is logged. */
export function errorFacts(problem: Error): object {
  if (!(problem instanceof Error)) return { type: typeof problem };
  return Object.fromEntries(Object.entries(stdSerializers.err(problem)).filter(([name]) => errorFields.has(name)));
}

/** JSON lines on stderr (stdout belongs to the first line of `serve --json`) or elsewhere; secrets never reach it by name. */
export function createLog(level: string, to: DestinationStream = pino.destination({ fd: 2, sync: true })): Log {
  return pino(
    {
      level,
      base: undefined,
      serializers: { err: errorFacts },
      redact: { paths: ['key', '*.key', 'token', '*.token', 'authorization', '*.authorization'], censor: '[secret]' },
    },
    to,
  );
}
