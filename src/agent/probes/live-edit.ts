import { max, min, monotonicMs } from '../intrinsics.ts';
import { type Edit, inOrder } from '../source/inserted.ts';
import { compose, type Inserted, isSeenExactly } from './live-edit-diff.ts';
import { vetoOfProcess } from './live-edit-veto.ts';
import type { DebuggerSession } from './session.ts';

export type { Edit } from '../source/inserted.ts';

export type Applied = { ok: true; tookMs: number } | Refused;

/** `isTemporary`: it may work a little later. */
export interface Refused {
  ok: false;
  why: string;
  isTemporary: boolean;
}

/**
 * Milliseconds V8 needs: for the least edit, for each MB of heap (small objects; it marks and walks all of it), and for each kB of source
 * (many small functions; it compiles all of it). Measured on Node 20 and 22; corrected by this process's own edits.
 */
const least = 15;
const perHeapMb = 3.5;
const perSourceKb = 0.35;
/** Edits the correction comes from: their slowest. */
const remembered = 3;

const blocked: Record<string, string> = {
  BlockedByActiveGenerator: 'A call of this async function or generator is under way.',
  BlockedByActiveFunction: 'The function is running.',
  BlockedByTopLevelEsModuleChange: 'V8 cannot change the top level of a module.',
};

interface Script {
  original: string;
  inserted: Inserted[];
}

/**
 * Changes the code of scripts that run. Only while none of the program's functions is on the stack, as in a timer or message of ours: V8
 * would mix up the feedback of a function that is running. Every breakpoint in an edited script is gone afterwards, and when the debugger
 * goes on again V8 lists former versions of the script too, under new ids, until they are collected.
 */
export class LiveEdit {
  /** Why no script can be edited in this process. */
  readonly veto = vetoOfProcess();
  readonly #session: () => DebuggerSession | undefined;
  readonly #scripts = new Map<string, Script>();
  /** Lengths of scripts that were looked at, in kB. */
  readonly #sizes = new Map<string, number>();
  /** How much slower than foreseen the last edits were. */
  readonly #slowness: number[] = [];

  constructor(session: () => DebuggerSession | undefined) {
    this.#session = session;
  }

  /** How long an edit of a script, and its undoing, are likely to hold the program, each. */
  predictMs(scriptId: string): number {
    let kb = this.#sizes.get(scriptId);
    if (kb === undefined) {
      kb = (this.#session()?.source(scriptId)?.length ?? 0) / 1000;
      this.#sizes.set(scriptId, kb);
    }
    return this.#foreseenMs(kb) * (this.#slowness.length === 0 ? 1 : max(...this.#slowness));
  }

  /** Makes a script's text `original` with exactly these edits in it. The same edits again cost nothing. */
  apply(scriptId: string, original: string, edits: readonly Edit[]): Applied {
    const script = this.#scripts.get(scriptId) ?? { original, inserted: [] };
    if (this.veto !== undefined) return refused(this.veto);
    const inserted = this.#placed(script, edits);
    if (inserted === undefined) return refused('V8 would not tell the inserted code from the code around it.');
    // What V8 could not follow in one step it can in two.
    const former = script.inserted;
    const steps = isSeenExactly(original, former, inserted) ? [inserted] : [[], inserted];
    let tookMs = 0;
    for (const step of steps) {
      const applied = this.#set(scriptId, script, step);
      if (!applied.ok) {
        this.#set(scriptId, script, former);
        return applied;
      }
      tookMs += applied.tookMs;
    }
    return { ok: true, tookMs };
  }

  /** Makes a script's text as it was. */
  restore(scriptId: string, original: string): Applied {
    return this.apply(scriptId, original, []);
  }

  /** What is inserted in a script now, by offsets of its original text. */
  insertedIn(scriptId: string): readonly Inserted[] {
    return this.#scripts.get(scriptId)?.inserted ?? [];
  }

  /** The insertions, each so that V8 tells it apart from what is around it. Undefined where there is no such way. */
  #placed({ original }: Script, edits: readonly Edit[]): Inserted[] | undefined {
    const joined: Inserted[] = [];
    for (const { at, text } of inOrder(edits)) {
      const last = joined.at(-1);
      if (last?.at === at) last.text += text;
      else joined.push({ at, text });
    }
    const placed = joined.map((one) => waysIn(original, one).find((way) => isExactBothWays(original, [way])));
    const all = placed.filter((one) => one !== undefined);
    return all.length === joined.length && isExactBothWays(original, all) ? all : undefined;
  }

  #set(scriptId: string, script: Script, inserted: Inserted[]): Applied {
    const text = compose(script.original, inserted);
    if (text === compose(script.original, script.inserted)) return { ok: true, tookMs: 0 };
    const session = this.#session();
    if (session === undefined) return refused('The debugger is off.', true);
    const foreseenMs = this.#foreseenMs(text.length / 1000);
    const began = monotonicMs();
    const answer = session.setScriptSource(scriptId, text);
    const tookMs = monotonicMs() - began;
    if (answer === undefined) {
      this.#scripts.delete(scriptId);
      return refused('The script is not in memory any more.');
    }
    const status: string = (answer as { status?: string }).status ?? 'Ok';
    if (status !== 'Ok' || answer.exceptionDetails !== undefined)
      return refused(blocked[status] ?? 'The changed script does not compile.', status.startsWith('BlockedByActive'));
    this.#slowness.push(min(max(tookMs / foreseenMs, 0.1), 10));
    if (this.#slowness.length > remembered) this.#slowness.shift();
    script.inserted = inserted;
    if (inserted.length === 0) this.#scripts.delete(scriptId);
    else this.#scripts.set(scriptId, script);
    return { ok: true, tookMs };
  }

  #foreseenMs(sourceKb: number): number {
    return least + (process.memoryUsage().heapUsed / 1_000_000) * perHeapMb + sourceKb * perSourceKb;
  }
}

function refused(why: string, isTemporary = false): Refused {
  return { ok: false, why, isTemporary };
}

const isExactBothWays = (original: string, inserted: readonly Inserted[]): boolean =>
  isSeenExactly(original, [], inserted) && isSeenExactly(original, inserted, []);

/** The same insertion without spaces, before or behind a space, with and without comments beside it. */
function waysIn(original: string, { at, text }: Inserted): Inserted[] {
  if (text.includes('\n')) return [];
  const tight = text.replace(/\b(typeof|var) /g, '$1/**/');
  const offsets = /[ \t]/.test(original[at - 1] ?? '') ? [at, at - 1] : [at];
  const texts = [tight, tight + padding(tight), padding(tight) + tight];
  return (
    offsets
      // A class right behind it would count as part of it.
      .filter((offset) => !/^class\b/.test(original.slice(offset, offset + 6)))
      .flatMap((offset) => texts.map((way) => ({ at: offset, text: way })))
  );
}

const padding = (text: string): string => `/*${'~'.repeat(text.length)}*/`;
