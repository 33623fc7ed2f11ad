import type { StackFrame } from '../../protocol/frames.ts';
import type { ExpressionResult } from '../../protocol/value.ts';
import { epochMs, monotonicMs, round } from '../intrinsics.ts';
import { soon } from '../later.ts';
import { type RawFrame, rawStack } from '../values/stack.ts';
import { Delivery } from './delivery.ts';
import type { Hiding } from './hiding.ts';
import { printLine } from './print-line.ts';
import type { ProbeEvents } from './probes.ts';
import type { Pass } from './site.ts';
import type { Captured, VisitHost } from './visit.ts';
import { type Failure, showsVariables, type Watch } from './watch.ts';

/** Final states an action comes to by itself. */
export type End = 'removed' | 'expired' | 'failed';

/** What a pass can bring about; it is done when the program has gone on. */
export interface Ends {
  endSoon(watch: Watch, state: End, why?: Partial<Failure>): void;
  /** One pause was far too long. */
  tripSoon(watch: Watch, tookMs: number): void;
}

/** Takes hits at a pass and hands them on. */
export class Hits implements VisitHost {
  readonly rules: Hiding;
  readonly maxCaptureMs: number;
  readonly mayQueue: () => boolean;
  readonly #delivery: Delivery;
  readonly #ends: Ends;

  constructor(
    events: ProbeEvents,
    map: (frames: readonly RawFrame[]) => Promise<StackFrame[]>,
    maxCaptureMs: number,
    ends: Ends,
    rules: Hiding,
  ) {
    this.rules = rules;
    this.mayQueue = () => events.mayQueue();
    this.maxCaptureMs = maxCaptureMs;
    this.#delivery = new Delivery(
      {
        hit({ capture, ...hit }) {
          const redacted = { ...capture.redacted };
          const at = rules.place(capture.at, redacted);
          const stack = rules.stack(capture.stack, redacted);
          events.hit({ ...hit, capture: { ...capture, at, stack, redacted } });
        },
      },
      map,
    );
    this.#ends = ends;
  }

  hit(watch: Watch, pass: Pass, captured: Captured): void {
    const ts = epochMs();
    const raw = showsVariables(watch) ? rawStack(pass.site.engine.frameOf(pass.site).function) : [];
    const pausedMs = monotonicMs() - pass.startMs + pass.runtimeMs;
    watch.hits += 1;
    watch.isChanged = true;
    const { id, rev, hits, traceparent } = watch;
    const capture = { at: pass.site.spot.place, ...captured, pauseMicros: round(pausedMs * 1_000) };
    this.#delivery.send(
      { id, rev, hit: hits, ts, capture, ...(traceparent === undefined ? {} : { traceparent }) },
      raw,
      watch.duration?.span === 'function',
    );
    if (hits >= watch.maxHits && watch.sums === undefined)
      this.#ends.endSoon(watch, 'removed', { message: 'All its hits were taken.' });
  }

  print(watch: Watch, { site }: Pass, expressions: readonly ExpressionResult[]): void {
    const { log } = watch;
    if (log !== undefined) soon(() => printLine(log, site.spot.place, expressions));
  }

  /** Does something after all hits so far have been sent. */
  after(run: () => void): void {
    this.#delivery.after(run);
  }
}
