import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on stderr (stdout belongs to the first line of `serve --json`); secrets never reach it by name. */
export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: undefined,
      redact: { paths: ['key', '*.key', 'token', '*.token', 'authorization', '*.authorization'], censor: '[secret]' },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
