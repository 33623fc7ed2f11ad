import type { Secrets } from '../../protocol/secrets.ts';
import { attempt } from '../later.ts';
import { captureFor, wants } from '../values/pass.ts';
import { rawStack } from '../values/stack.ts';
import type { Watch } from './watch.ts';

let isWarm = false;
let isSearchWarm = false;

/** Holds what the search goes different ways for. */
const searched = 'GET /a?page=2 200 {"userName":"ada"} password=hunter2 at 12:30, Bearer x from https://a.example, --key 17';

/**
 * Reads a sample as a hit would be read, once. V8 compiles functions when they are first called: without this the first hit, which is
 * often the only one, would do so while the program waits.
 */
export function warmUp(): void {
  if (isWarm) return;
  isWarm = true;
  attempt(readSample);
}

/** Searches a sample for secrets, once: the first search takes half a millisecond longer than the others. */
export function warmUpSearch(secrets: Secrets): void {
  if (isSearchWarm) return;
  isSearchWarm = true;
  attempt(() => secrets.hide(searched, searched.length, {}));
}

function readSample(): void {
  const sample = {
    text: 'text',
    list: [1, [2]],
    map: new Map([['key', 1]]),
    set: new Set([1]),
    date: new Date(0),
    none: undefined,
  };
  const node = ['binary', '===', ['member', ['name', 'sample'], 'text'], 'text'] satisfies Watch['expressions'][number]['node'];
  const watched = { text: 'sample', node, names: ['sample'] };
  const watch = { condition: watched, expressions: [watched], depth: 3 };
  const scopes = {
    function: undefined,
    scopes: [{ kind: 'local' as const, names: [{ name: 'sample', isCode: false, readyAfter: -1 }] }],
    early: new Set<string>(),
    isInWith: false,
    privates: [],
  };
  const names = { positions: new Map([['sample', 0]]), read: () => sample, early: new Map<string, true>() };
  const hidden = (): undefined => undefined;
  wants(watch, names, hidden);
  captureFor(watch, scopes, names, { hidden, secrets: undefined }, 1_000);
  rawStack(warmUp);
}
