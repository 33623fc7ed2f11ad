import type { Passes, StateFrame, Sums } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { max, monotonicMs, round } from '../intrinsics.ts';
import type { Hiding } from './hiding.ts';
import type { Failure, Watch } from './watch.ts';

/** From this age on it says something that the line was not reached. */
const firstAgeMs = 1_000;

/** Tells the link how actions stand. */
export class Teller {
  readonly #hiding: Hiding;
  readonly #to: { state(state: Omit<StateFrame, 't' | 'n'>): void };

  constructor(to: { state(state: Omit<StateFrame, 't' | 'n'>): void }, hiding: Hiding) {
    this.#to = to;
    this.#hiding = hiding;
  }

  /** Tells what has changed; that nothing has, at ages that double: a bridge cannot tell a quiet line from an agent that says nothing. */
  tellIfDue(watch: Watch): void {
    if (watch.isChanged || (watch.state === 'armed' && monotonicMs() >= watch.tellAtMs)) this.tell(watch);
  }

  /** Everything that is known of an action. */
  tell(watch: Watch, why: Partial<Failure> = {}): void {
    const { id, rev, state, at, engine, hits, skipped, lastError } = watch;
    watch.isChanged = false;
    const passes = passesOf(watch);
    if (passes !== undefined) watch.tellAtMs = monotonicMs() + max(firstAgeMs - passes.armedMs, passes.armedMs);
    const sums = sumsOf(watch, passes);
    this.say({
      id,
      rev,
      state,
      ...(at.length === 0 ? {} : { at: at.slice() }),
      hits,
      skipped: { ...skipped },
      ...(engine === undefined ? {} : { engine: { ...engine, why: engine.why.slice(0, limits.maxMessageChars) } }),
      ...(passes === undefined ? {} : { passes }),
      ...(sums === undefined ? {} : { sums }),
      ...(lastError === undefined ? {} : { lastError: lastError.slice(0, limits.maxMessageChars) }),
      ...why,
    });
  }

  /** A state as it is. */
  say(state: Omit<StateFrame, 't' | 'n'>): void {
    try {
      this.#to.state(this.#hiding.state(state));
    } catch {
      // The link's defects are not the program's.
    }
  }
}

/** Undefined for an action that was never installed. */
function passesOf(watch: Watch): Passes | undefined {
  const { cycle, spentMs, maxPauseMs, armMs, installedAt, trips } = watch;
  if (installedAt === undefined) return undefined;
  return {
    ...cycle.totals(monotonicMs()),
    spentMicros: round(spentMs * 1_000),
    maxPauseMicros: round(maxPauseMs * 1_000),
    armMicros: round(armMs * 1_000),
    installedAt,
    trips,
  };
}

/** The part of all passes that was counted is the same for what is counted of them. */
function sumsOf({ sums, begun }: Watch, passes: Passes | undefined): Sums | undefined {
  if (sums === undefined || passes === undefined) return undefined;
  const told = sums.toFrame(begun === undefined ? {} : { began: begun });
  const { estimate, seen } = passes;
  if (estimate === undefined || seen === 0) return told;
  const share = told.count / seen;
  return { ...told, estimate: { count: round(estimate.count * share), error: round(estimate.error * share) } };
}
