import { writeSync } from 'node:fs';
import type { LogLevel } from './options.ts';

/** One line each on stderr. `warn` says the same thing only once in a row; `debug` is for whoever asked for it. */
export interface AgentLog {
  warn(message: string): void;
  debug(message: string): void;
}

/** Writes past the program's own streams, so that nothing it did to them is touched; a closed stderr is no error. */
export function createLog(level: LogLevel): AgentLog {
  let last: string | undefined;
  const write = (message: string): void => {
    try {
      // One line, whatever a bridge or a proxy put into it.
      writeSync(2, `sidelight: ${message.replace(/\p{Cc}/gu, ' ').slice(0, 500)}\n`);
    } catch {
      // EAGAIN, EPIPE: nobody reads it.
    }
  };
  return {
    warn(message) {
      if (message === last && level !== 'debug') return;
      last = message;
      write(message);
    },
    debug(message) {
      if (level === 'debug') write(message);
    },
  };
}
