import { Refusal } from '../lib/refusal.ts';
import { apiPrefix, pathArguments, type Route } from './routes.ts';

/** What a request says: parts of its path, its query, and its body where the method has one. */
export interface Said {
  path: Record<string, string>;
  query: Record<string, string | string[] | undefined>;
  body: unknown;
}

const wholeNumber = /^(?:0|[1-9]\d*)$/;

/**
 * The arguments of the tool behind a route. The tool's own schema checks them in `call()`, which also reads numbers, switches and lists
 * from the text that a query is.
 */
export function argumentsOf(route: Route, { path, query, body }: Said): unknown {
  const odd = route.numbers?.find((name) => !wholeNumber.test(path[name] ?? ''));
  if (odd !== undefined) throw notNumber(odd);
  const isPost = route.method === 'POST';
  const [inQuery] = Object.keys(query);
  if (isPost && inQuery !== undefined) throw misplaced(inQuery, 'Arguments of a POST are in its body.');
  const given = isPost ? body : query;
  if (!isRecord(given)) return given;
  const fromPath = Object.fromEntries([...pathArguments(route)].map(([name, argument]) => [argument, path[name]]));
  const twice = Object.keys(fromPath).find((name) => given[name] !== undefined);
  if (twice !== undefined) throw misplaced(twice, 'The path says it already.');
  const other = route.without?.find((name) => given[name] !== undefined);
  if (other !== undefined) throw misplaced(other, `It belongs to another operation of ${apiPrefix}/openapi.json.`);
  const result: Record<string, unknown> = { ...given, ...fromPath };
  for (const [name, { value }] of Object.entries(route.defaults ?? {})) result[name] ??= value;
  return result;
}

function misplaced(field: string, why: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `${field} is not taken there. ${why}`,
    field,
    next: 'Take it out and send again.',
  });
}

function notNumber(field: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `${field} is not valid: in a path it is a whole number such as 1, 2 or 3.`,
    field,
    next: 'Correct the path and send again.',
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
