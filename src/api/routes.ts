/** Where the API begins; the version changes when a client would have to. */
export const apiPrefix = '/api/v1';

/** One operation of the API: a tool, and what of its arguments the request says by itself. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the prefix. A part in braces is the argument of that name. */
  path: string;
  tool: string;
  /** Its name in the OpenAPI document, and so in clients made from it. */
  operation: string;
  group: 'Place' | 'Actions' | 'Hits' | 'Sources' | 'Bridge';
  /** Stands in for the title of the tool where one tool has several routes. */
  summary?: string;
  /** Arguments of the tool that a part of the path gives under another name. */
  as?: Record<string, string>;
  /** Parts of the path that are numbers, written 1, 2, 3 and in no other way: what has a URL has one. */
  numbers?: string[];
  /** Arguments of the tool that would make it another operation. */
  without?: string[];
  /** Arguments whose default is another one here than in the tool. */
  defaults?: Record<string, { value: number; meaning: string }>;
  /** Answers 201 with the Location of the action it placed. */
  creates?: true;
}

/** Scripts and workflows want the handle at once; an assistant wants the hit. */
const atOnce = {
  waitSeconds: { value: 0, meaning: 'How long to wait for hits; by default the answer comes at once.' },
};
const placing = { method: 'POST', group: 'Place', defaults: atOnce, creates: true } as const;

/**
 * Every operation. Reading hits while waiting for them is a GET: it changes nothing, so it can be sent again after a broken connection.
 * What takes objects as arguments is a POST, although `locate`, `comparisons` and `redaction/preview` place nothing.
 */
export const routes: readonly Route[] = [
  { ...placing, path: '/snapshots', tool: 'take_snapshot', operation: 'takeSnapshot' },
  { ...placing, path: '/logs', tool: 'add_log', operation: 'addLog' },
  { ...placing, path: '/counters', tool: 'count_hits', operation: 'countHits' },
  { ...placing, path: '/durations', tool: 'measure_duration', operation: 'measureDuration' },
  { ...placing, path: '/metrics', tool: 'measure_value', operation: 'measureValue' },
  { method: 'GET', path: '/actions', tool: 'list_actions', operation: 'listActions', group: 'Actions' },
  {
    ...{ method: 'GET', path: '/actions/{actionId}', tool: 'wait_for_hits', operation: 'getAction', group: 'Actions' },
    summary: 'Read an action, or wait for its hits',
    defaults: atOnce,
  },
  {
    ...{ method: 'DELETE', path: '/actions/{actionId}', tool: 'cancel_actions', operation: 'cancelAction', group: 'Actions' },
    summary: 'Cancel an action',
    ...{ as: { actionId: 'actionIds' }, without: ['investigation'] },
  },
  { method: 'POST', path: '/actions/cancel', tool: 'cancel_actions', operation: 'cancelActions', group: 'Actions' },
  { method: 'GET', path: '/actions/{actionId}/explanation', tool: 'explain', operation: 'explainAction', group: 'Actions' },
  {
    ...{ method: 'GET', path: '/actions/{actionId}/hits', tool: 'get_hits', operation: 'getHits', group: 'Hits' },
    without: ['hit'],
  },
  {
    ...{ method: 'GET', path: '/actions/{actionId}/hits/{hit}', tool: 'get_hits', operation: 'getHit', group: 'Hits' },
    summary: 'Get one hit, whole',
    ...{ numbers: ['hit'], without: ['view'] },
  },
  { method: 'POST', path: '/comparisons', tool: 'compare_hits', operation: 'compareHits', group: 'Hits' },
  { method: 'GET', path: '/sources', tool: 'list_sources', operation: 'listSources', group: 'Sources' },
  { method: 'POST', path: '/locate', tool: 'locate', operation: 'locate', group: 'Sources' },
  { method: 'POST', path: '/redaction/preview', tool: 'preview_redaction', operation: 'previewRedaction', group: 'Bridge' },
  { method: 'GET', path: '/status', tool: 'get_status', operation: 'getStatus', group: 'Bridge' },
];

/** Whether a path of the bridge is the API's. */
export function isBelow(path: string): boolean {
  return path === apiPrefix || path.startsWith(`${apiPrefix}/`);
}

/** Names in braces in a path, and the arguments of the tool they stand for. */
export function pathArguments({ path, as }: Route): Map<string, string> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  return new Map(names.map((name) => [name, as?.[name] ?? name]));
}
