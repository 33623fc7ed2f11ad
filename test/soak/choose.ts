import type { Random } from '../../agents-sim/random.ts';
import { checkoutFile, priceLine } from '../../agents-sim/scenarios/checkout.ts';
import { shop } from './shop.ts';

/** A call of a tool. */
export interface Asked {
  /** What it is counted as. */
  name: string;
  tool: string;
  args: Record<string, unknown>;
  /** Codes it may be refused with. */
  expected: readonly string[] | undefined;
}

const checkoutPlace = { source: { service: 'checkout' }, file: checkoutFile, line: priceLine };
/** Agents come and go, and so do what they had. */
const placing = ['not_found', 'quota_exceeded', 'too_busy', 'upstream_error'] as const;
const reading = ['not_found'] as const;

/** What a caller may ask for that has something placed, or names it. */
const ways: Record<string, (random: Random, id: string) => Omit<Asked, 'name'>> = {
  snapshot: (random) => ({
    tool: 'take_snapshot',
    args: { ...place(random), ...waiting(random), maxHits: random.integer(1, 5), expressions: ['order.items.length'] },
    expected: placing,
  }),
  'many hits': (random) => ({
    tool: 'take_snapshot',
    args: { ...place(random), ...waiting(random), maxHits: 10, condition: 'order.items.length > 0' },
    expected: placing,
  }),
  logpoint: (random) => ({
    tool: 'add_log',
    args: { ...place(random), ...waiting(random), maxHits: 8, template: 'order {order.id} of {order.items.length}' },
    expected: placing,
  }),
  counter: (random) => ({ tool: 'count_hits', args: { ...place(random), ...waiting(random) }, expected: placing }),
  metric: (random) => ({
    tool: 'measure_value',
    args: { ...place(random), ...waiting(random), expression: 'order.items.length' },
    expected: placing,
  }),
  duration: (random) => ({ tool: 'measure_duration', args: { ...place(random), ...waiting(random) }, expected: placing }),
  never: (random) => ({
    tool: 'take_snapshot',
    args: { ...place(random), condition: 'order.items.length < 0', waitSeconds: 1, timeoutSeconds: random.integer(2, 4) },
    expected: placing,
  }),
  wait: (random, actionId) => ({
    tool: 'wait_for_hits',
    args: { actionId, waitSeconds: random.integer(0, 2), afterHit: random.integer(0, 3) },
    expected: reading,
  }),
  cancel: (_random, actionId) => ({ tool: 'cancel_actions', args: { actionIds: [actionId] }, expected: reading }),
  read: (random, actionId) => ({
    tool: 'get_hits',
    args: { actionId, ...random.pick([{}, { path: 'order.items.length' }]) },
    expected: [...reading, 'invalid_input'],
  }),
  compare: (_random, actionId) => ({
    tool: 'compare_hits',
    args: { a: { actionIds: [actionId], where: 'order.items.length > 1' } },
    expected: [...reading, 'invalid_input'],
  }),
  explain: (_random, actionId) => ({ tool: 'explain', args: { actionId }, expected: reading }),
  actions: () => ({ tool: 'list_actions', args: {}, expected: [] }),
  sources: () => ({ tool: 'list_sources', args: {}, expected: [] }),
  status: () => ({ tool: 'get_status', args: {}, expected: [] }),
  locate: () => ({ tool: 'locate', args: { source: shop.source, function: 'book' }, expected: placing }),
  preview: () => ({
    tool: 'preview_redaction',
    args: { text: '{"user":{"email":"ada@example.com","card":"4111 1111 1111 1111"}}' },
    // Developers may not; the callers are some.
    expected: ['org_access_denied'],
  }),
  'no such service': () => ({
    tool: 'take_snapshot',
    args: { source: { service: 'nobody' }, file: 'a.ts', line: 1 },
    expected: ['not_found'],
  }),
  'no line': () => ({
    tool: 'take_snapshot',
    args: { ...checkoutPlace, line: 0 },
    expected: ['limit_exceeded'],
  }),
  'no condition': () => ({
    tool: 'take_snapshot',
    args: { ...checkoutPlace, condition: 'order.' },
    expected: ['invalid_input', 'invalid_expression'],
  }),
};

/** Half of all calls place something. */
const placings = ['snapshot', 'many hits', 'logpoint', 'counter', 'metric', 'duration', 'never'] as const;
const needHandle = new Set(['wait', 'cancel', 'read', 'compare', 'explain']);

/** One of them, or the one named. */
export function choose(random: Random, known: readonly string[], name = nameOf(random)): Asked {
  const id = known[random.integer(0, Math.max(0, known.length - 1))];
  const chosen = id === undefined && needHandle.has(name) ? 'snapshot' : name;
  const way = ways[chosen];
  if (way === undefined) throw new Error(`There is no way ${chosen}.`);
  return { name: chosen, ...way(random, id ?? '') };
}

/** The same call for the HTTP API. */
export function requestOf({ tool, args }: Asked): { method: string; path: string; body: Record<string, unknown> | undefined } {
  const { actionId, actionIds, ...rest } = args as { actionId?: string; actionIds?: string[] };
  const post = (path: string) => ({ method: 'POST', path: `/api/v1/${path}`, body: args });
  const get = (path: string) => {
    const query = new URLSearchParams(Object.entries(rest).map(([key, value]): [string, string] => [key, String(value)]));
    return { method: 'GET', path: `/api/v1/${path}?${query}`, body: undefined };
  };
  switch (tool) {
    case 'add_log':
      return post('logs');
    case 'count_hits':
      return post('counters');
    case 'measure_duration':
      return post('durations');
    case 'measure_value':
      return post('metrics');
    case 'compare_hits':
      return post('comparisons');
    case 'locate':
      return post('locate');
    case 'preview_redaction':
      return post('redaction/preview');
    case 'list_actions':
      return get('actions');
    case 'list_sources':
      return get('sources');
    case 'get_status':
      return get('status');
    case 'wait_for_hits':
      return get(`actions/${actionId}`);
    case 'explain':
      return get(`actions/${actionId}/explanation`);
    case 'get_hits':
      return get(`actions/${actionId}/hits`);
    case 'cancel_actions':
      return { method: 'DELETE', path: `/api/v1/actions/${actionIds?.[0]}`, body: undefined };
    default:
      return post('snapshots');
  }
}

function nameOf(random: Random): string {
  return random.chance(0.5) ? random.pick(placings) : random.pick(Object.keys(ways) as [string]);
}

function place(random: Random): Record<string, unknown> {
  return random.chance(0.5) ? checkoutPlace : { source: shop.source, file: shop.file, line: shop.line };
}

function waiting(random: Random): Record<string, unknown> {
  return { waitSeconds: random.integer(0, 2), timeoutSeconds: random.integer(2, 5) };
}
