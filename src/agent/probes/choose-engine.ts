import type { Engine } from '../../protocol/frames.ts';
import { round } from '../intrinsics.ts';
import type { Spot } from '../source/spot.ts';
import { showsVariables, type Watch } from './watch.ts';

/** What the choice depends on beside the place. */
export interface EngineFacts {
  /** By policy, and by what this process can do. */
  allowed: ReadonlySet<Engine>;
  /** Milliseconds live edit would hold the program for this script; undefined where it cannot be used, with `veto`. */
  predictMs(scriptId: string): number;
  /** Why live edit is out of question in this process. */
  veto: string | undefined;
  /** Longest time that it may take. */
  armMs: number;
  /** Whether this function of a file instrumented at load can be timed as a whole. */
  canSpanAtLoad(spot: Spot): boolean;
  /** What the call that was inserted at load hands over; undefined where there is none. */
  namesAtLoad(spot: Spot): readonly string[] | undefined;
  /** Whether this is V8's script of a file that was instrumented at load. */
  wasInstrumented(spot: Spot): boolean;
  /** Why the file was not instrumented when it was loaded, in one sentence. */
  whyNotLoadTime(spot: Spot): string;
  /** Known to be passed often, or to have waited for long. */
  isHot: boolean;
}

export interface Choice {
  name: Engine;
  /** For the person who asked, in one sentence. */
  why: string;
}

type Asked = Pick<Watch, 'kind' | 'condition' | 'expressions' | 'duration' | 'maxHits'>;

/** Load time where the file was instrumented, live edit where its stop fits and the line deserves it, else breakpoints. */
export function chooseEngine(watch: Asked, spots: readonly Spot[], facts: EngineFacts): Choice | { problem: string } {
  const isSpan = watch.duration?.span === 'function';
  const isAtLoad = spots.some(isLoadTime);
  if (isAtLoad || spots.some(facts.wasInstrumented)) {
    const not = whyNotAtLoad(watch, spots, facts);
    if (not === undefined) return { name: 'load-time', why: 'The file was instrumented when it was loaded.' };
    if (!facts.allowed.has('breakpoint')) return { problem: `${not} Breakpoints are not allowed here.` };
    // Its returns go through inserted code.
    if (isSpan && spots.some(facts.canSpanAtLoad))
      return { problem: `${not} A breakpoint cannot see where such a function ends; give two lines of it.` };
    if (isAtLoad) return { problem: `${not} A breakpoint cannot be set there either.` };
    return { name: 'breakpoint', why: `The file was instrumented when it was loaded, but: ${not}` };
  }
  const against = whyNotLiveEdit(watch, spots, facts, isSpan);
  if (against === undefined) {
    const ms = foreseenMs(spots, facts);
    return { name: 'live-edit', why: `Inserting code is foreseen to hold the program for ${ms} ms, within ${facts.armMs} ms.` };
  }
  const first = spots[0];
  const notLoaded = first === undefined ? '' : facts.whyNotLoadTime(first);
  if (facts.allowed.has('breakpoint')) return { name: 'breakpoint', why: `${notLoaded} ${against}` };
  return { problem: `Breakpoints are not allowed here, and no code can be inserted: ${against}` };
}

/** Whether it is observed by calls that were inserted at load. */
function isLoadTime({ script }: Spot): boolean {
  return script.id.startsWith('load:');
}

/** Why the calls in a file that was instrumented at load cannot carry an action out, in one sentence. */
export function whyNotAtLoad(
  watch: Asked,
  spots: readonly Spot[],
  facts: Pick<EngineFacts, 'allowed' | 'canSpanAtLoad' | 'namesAtLoad'>,
): string | undefined {
  if (!facts.allowed.has('load-time')) return 'Calls inserted at load are switched off.';
  for (const spot of spots) {
    if (watch.duration?.span === 'function') {
      if (!facts.canSpanAtLoad(spot)) return 'In it only async functions are timed as a whole.';
      continue;
    }
    const names = facts.namesAtLoad(spot);
    if (names === undefined)
      return `No call was inserted here, as ${'why' in spot.insertion ? spot.insertion.why : 'no statement begins here'}.`;
    // The start and the end of a duration have to be observed in the same way.
    if (watch.kind === 'duration') continue;
    const missing = namesOf(watch).find((name) => !names.includes(name) && !spot.scopes.early.has(name));
    if (missing !== undefined) return `The call inserted here does not hand over \`${missing.slice(0, 100)}\`.`;
  }
  return undefined;
}

function whyNotLiveEdit(watch: Asked, spots: readonly Spot[], facts: EngineFacts, isSpan: boolean): string | undefined {
  if (facts.veto !== undefined) return facts.veto;
  if (!facts.allowed.has('live-edit')) return 'Live edit is switched off.';
  const isQuick = watch.kind === 'snapshot' && watch.condition === undefined && !facts.isHot;
  if (isQuick && facts.allowed.has('breakpoint')) return 'A first hit is expected soon; code is inserted when it does not come.';
  for (const spot of spots) {
    if (spot.editVeto !== undefined) return spot.editVeto;
    if (isSpan) {
      if (spot.function === undefined) return 'There is no function around the line.';
      continue;
    }
    if ('why' in spot.insertion) return spot.insertion.why;
    const readable = spot.insertion.names;
    const missing = namesOf(watch).find((name) => !readable.some((one) => one.name === name));
    if (missing !== undefined) return `Inserted code could not read \`${missing.slice(0, 100)}\` without moving variables.`;
  }
  const ms = foreseenMs(spots, facts);
  if (ms > facts.armMs) return `Live edit is foreseen to hold the program for ${ms} ms, more than ${facts.armMs} ms.`;
  return undefined;
}

function foreseenMs(spots: readonly Spot[], facts: EngineFacts): number {
  const scripts = new Set(spots.map(({ script }) => script.id));
  return round([...scripts].reduce((sum, id) => sum + facts.predictMs(id), 0));
}

function namesOf({ condition, expressions }: Asked): string[] {
  return [...(condition?.names ?? []), ...expressions.flatMap(({ names }) => names)];
}

/** Whether a breakpoint's condition has to hand over everything in scope. */
export function needsScopes(watches: readonly Watch[]): boolean {
  return watches.some(showsVariables);
}
