import { Refusal } from '../lib/refusal.ts';
import { type DatabaseFailure, failureBehind, unavailable } from './database-errors.ts';

/** One way in which a database is not to be had: how it is known, what it is called, what to do. */
interface Trouble {
  is(failure: DatabaseFailure): boolean;
  says(failure: DatabaseFailure, server: string): string;
  next: string;
}

const hasCode = (form: RegExp) => (failure: DatabaseFailure) => form.test(failure.code ?? '');
const hasWords = (form: RegExp) => (failure: DatabaseFailure) => form.test(failure.message);

/** The first that fits is told. */
const troubles: readonly Trouble[] = [
  {
    is: ({ syscall }) => syscall === 'open' || syscall === 'read',
    says: ({ path, code }) => `The file ${path ?? ''} that the URL of the database names cannot be read (${code}).`,
    next: 'Check sslrootcert, sslcert and sslkey in --database-url.',
  },
  {
    is: hasCode(/^(ENOTFOUND|EAI_)/),
    says: ({ address, code }) => `The name of the database server, ${address}, is not found (${code}).`,
    next: 'Check the host in --database-url, and whether this machine can look names up.',
  },
  {
    is: hasCode(/^(ECONNREFUSED|ENOENT)$/),
    says: ({ code }, server) => `No database takes connections at ${server} (${code}).`,
    next: 'Start PostgreSQL, or check host and port in --database-url.',
  },
  {
    is: hasCode(/^53300$/),
    says: ({ message }, server) => `The database at ${server} has too many connections: ${message} (53300).`,
    next: 'A bridge needs 11: raise max_connections, or the limit of the role or database, or close others.',
  },
  {
    is: (failure) => hasCode(/^28/)(failure) || hasWords(/password must be a/)(failure),
    says: ({ message, code = 'no password' }, server) =>
      `The database at ${server} does not let the bridge in: ${message} (${code}).`,
    next: 'Check role and password in --database-url or the password file, that the role may log in, and pg_hba.conf of the server.',
  },
  {
    is: hasCode(/^3D000$/),
    says: ({ message }, server) => `The server at ${server} has no such database: ${message} (3D000).`,
    next: 'Create it, or name another in --database-url; a URL that names none means the one that is called like the role.',
  },
  {
    is: hasCode(/^42501$/),
    says: ({ message }, server) => `The role may not do what the bridge needs at ${server}: ${message} (42501).`,
    next: 'Make the role the owner of the database, or let it connect and give it `grant create, usage on schema public`.',
  },
  {
    is: hasCode(/^25006$/),
    says: (_, server) => `The database at ${server} is read-only (25006).`,
    next: 'Name the server that takes writes, a primary; or see to its default_transaction_read_only.',
  },
  {
    is: hasWords(/does not support SSL|establishing an SSL connection/),
    says: (_, server) => `The database at ${server} offers no TLS, which its URL asks for.`,
    next: 'Turn TLS on at the server (ssl = on), or give another sslmode in --database-url.',
  },
  {
    is: hasCode(/^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/),
    says: ({ message, code }, server) => `The certificate of the database at ${server} is not taken: ${message} (${code}).`,
    next: 'Give its authority as sslrootcert in --database-url, and the host by the name that the certificate has.',
  },
  {
    is: hasCode(/^57P0/),
    says: ({ message, code }, server) => `The database at ${server} starts or stops: ${message} (${code}).`,
    next: 'Try again when it runs.',
  },
  {
    is: (failure) => hasCode(/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|57014)$/)(failure) || hasWords(/timeout/i)(failure),
    says: ({ message, code }, server) =>
      `The database at ${server} does not answer in time: ${message}${code === undefined ? '' : ` (${code})`}.`,
    next: 'See whether it runs and what it is busy with, and whether a firewall lets this machine through.',
  },
];

const unknown: Omit<Trouble, 'is'> = {
  says: ({ message, code }, server) =>
    `The database at ${server} cannot be used: ${message}${code === undefined ? '' : ` (${code})`}.`,
  next: 'Check --database-url, and look at the log of the server.',
};

/** What a person at a terminal is told in place of what callers are; anything that is not of the database as it is. */
export function toldToOperator(problem: unknown): unknown {
  const failure = failureBehind(problem);
  if (!(problem instanceof Refusal) || failure === undefined) return problem;
  const { says, next } = troubles.find(({ is }) => is(failure)) ?? unknown;
  const reason = says(failure, placeOf(failure));
  // Whoever caught it before may have said what that means.
  return unavailable(problem.cause === failure ? reason : `${problem.message} ${reason}`, next);
}

/** A socket of this machine is a path, and has the port in it. */
function placeOf({ address, port }: DatabaseFailure): string {
  if (address === undefined) return 'this address';
  if (address.startsWith('/') || port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
