import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import { factsNow } from './call-facts.ts';
import { standardError } from './standard-error.ts';

export type Log = Logger;

/** What is logged of an error. A database's error has the statement, its parameters and the row beside these: captured values. */
const errorFields: ReadonlySet<string> = new Set([
  ...['type', 'name', 'message', 'stack', 'code', 'errno', 'syscall', 'path', 'address', 'port', 'severity'],
  ...['schema', 'table', 'column', 'constraint', 'routine'],
]);

/** Fields whose values nobody should read in a log, at the top of a line and one level below. */
const secretFields = [
  ...['key', 'apiKey', 'token', 'authorization', 'cookie', 'password', 'secret', 'bearer', 'code_verifier'],
  ...['client_secret', 'access_token', 'refresh_token', 'id_token'],
];

/** Keys and tokens of our own, and passwords in URLs, wherever they stand in the words of an error. */
const secretsInWords: readonly [RegExp, string][] = [
  [/\b(sl[a-z])_[0-9A-Za-z]{8}[0-9A-Za-z_-]{20,}/g, '$1_[secret]'],
  [/(\b[a-z][a-z+.-]{0,30}:\/\/[^\s:/@]{0,200}:)[^\s@/]{1,200}@/gi, '$1[secret]@'],
  [/\b(bearer +)[\w.~+/=-]{8,}/gi, '$1[secret]'],
];

/** So many causes of an error are told; more would be a circle. */
const maxCauses = 4;

/** Whatever was thrown, as it is logged. Message and stack have those of its causes in them. */
export function errorFacts(problem: Error): object {
  if (!(problem instanceof Error)) return { type: typeof problem };
  return { ...factsOf(problem), ...causeOf(problem, maxCauses) };
}

function factsOf(problem: Error): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(stdSerializers.err(problem)).flatMap(([name, value]) =>
      errorFields.has(name) ? [[name, typeof value === 'string' ? withoutSecrets(value) : value]] : [],
    ),
  );
}

function causeOf({ cause }: Error, left: number): object {
  if (!(cause instanceof Error) || left === 0) return {};
  const { stack: _, ...facts } = factsOf(cause);
  return { cause: { ...facts, ...causeOf(cause, left - 1) } };
}

function withoutSecrets(words: string): string {
  return secretsInWords.reduce((text, [form, instead]) => text.replace(form, instead), words);
}

/**
 * JSON lines on stderr (stdout belongs to the first line of `serve --json`) or elsewhere; secrets never reach it by name. What is logged
 * while a call runs says which one.
 */
export function createLog(level: string, to: DestinationStream = standardError): Log {
  return pino(
    {
      level,
      base: undefined,
      mixin: factsNow,
      serializers: { err: errorFacts },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    },
    to,
  );
}
