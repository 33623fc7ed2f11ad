import { SdkHttpError } from '@modelcontextprotocol/client';

/** A JSON-RPC error for a request that the bridge did not answer as JSON-RPC wants it. */
export interface Failure {
  code: number;
  message: string;
  data: { code?: string; next?: string };
}

/** The range that JSON-RPC 2.0 leaves to servers. */
const serverError = -32_000;

/** Why a request could not be sent, or what the bridge said instead of an answer. */
export function explainFailure(problem: unknown, url: URL): Failure {
  if (problem instanceof SdkHttpError) return saidInstead(problem) ?? notABridge(`answered ${problem.status}`, url);
  const reason = causeOf(problem);
  if (reason === undefined) return notABridge('answered something else than MCP', url);
  return {
    code: serverError,
    message: `The bridge at ${url.origin} does not answer (${reason}).`,
    data: {
      code: 'unavailable',
      next: 'Start it (sidelight serve), or give its address with --base-url or SIDELIGHT_BASE_URL; then try again.',
    },
  };
}

/** The connection went down with the answer outstanding. */
export function endedEarly(url: URL): Failure {
  return {
    code: serverError,
    message: `The bridge at ${url.origin} ended the connection before it answered.`,
    data: { code: 'unavailable', next: 'Try again; list_actions shows what was placed.' },
  };
}

/** The bridge refuses with a JSON-RPC error of its own where it knows no id yet: no key, a wrong one, a body too large, a shutdown. */
function saidInstead({ data }: SdkHttpError): Failure | undefined {
  try {
    const { error } = JSON.parse(String(Reflect.get(Object(data), 'text'))) as { error: Failure };
    const { code, message, data: facts } = error;
    return typeof code === 'number' && typeof message === 'string' ? { code, message, data: { ...facts } } : undefined;
  } catch {
    return undefined;
  }
}

function notABridge(what: string, url: URL): Failure {
  return {
    code: serverError,
    message: `What is at ${url.href} ${what}; that is no Sidelight bridge, or a proxy stands before it.`,
    data: { code: 'upstream_error', next: 'Check --base-url or SIDELIGHT_BASE_URL: it is the URL of the bridge without /mcp.' },
  };
}

/** What the system says of a connection that failed, for example ECONNREFUSED; the interesting error is the innermost. */
function causeOf(problem: unknown): string | undefined {
  if (!(problem instanceof Error)) return undefined;
  const { cause } = problem;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return undefined;
}
