import type { CaptureData } from '../../protocol/frames.ts';
import type { ExpressionResult } from '../../protocol/value.ts';
import { monotonicMs, round } from '../intrinsics.ts';
import type { Rules } from '../values/capture.ts';
import { captureFor, measure, wants } from '../values/pass.ts';
import { hasWorked } from '../values/work.ts';
import type { Attachment, Pass, Token } from './site.ts';
import type { Watch } from './watch.ts';

/** What was read at a hit, before its place and stack are added. */
export type Captured = Omit<CaptureData, 'at' | 'stack' | 'pauseMicros'>;

/** What a visit may use of its owner. */
export interface VisitHost {
  readonly rules: Rules;
  readonly maxCaptureMs: number;
  /** False while the queue to the bridge is full. */
  mayQueue(): boolean;
  /** Takes a hit. */
  hit(watch: Watch, pass: Pass, captured: Captured): void;
  /** Writes the line of a logpoint to the program's stdout, in a later turn. */
  print(watch: Watch, pass: Pass, expressions: readonly ExpressionResult[]): void;
}

/**
 * What one action does at one pass; gives the token that the activation carries on. The program waits, and may have changed the
 * language.
 */
export function visit({ watch, role }: Attachment, pass: Pass, host: VisitHost): Token | undefined {
  const end = role === 'span' ? pass.end : role;
  if (end === 'end') {
    spanEnded(watch, pass, host);
    return pass.token;
  }
  if (end === 'enter' || end === 'begin') watch.spans?.enter();
  if (end === 'enter') return pass.token;
  watch.isChanged = true;
  watch.cycle.seen(pass.startMs);
  let isQuick = true;
  if (watch.condition !== undefined) {
    const wanted = wants(watch, pass.names, host.rules.hidden);
    isQuick = !hasWorked();
    if (wanted !== true) {
      if (wanted === false) {
        watch.skipped.condition += 1;
        pass.isQuick = isQuick;
      } else failed(watch, wanted.error);
      return pass.token;
    }
  }
  switch (watch.kind) {
    case 'counter':
      watch.sums?.count();
      pass.isQuick = isQuick;
      return pass.token;
    case 'metric':
      pass.isQuick = measured(watch, pass, host) && isQuick;
      return pass.token;
    case 'duration':
      return spanStarted(watch, pass);
    case 'logpoint':
      logged(watch, pass, host);
      return pass.token;
    default:
      if (hasRoom(watch, host))
        host.hit(watch, pass, captureFor(watch, pass.site.spot.scopes, pass.all(), host.rules, host.maxCaptureMs));
      return pass.token;
  }
}

function failed(watch: Watch, message: string): void {
  watch.skipped.error += 1;
  watch.lastError = message;
}

/** A full queue means that nothing is captured. */
function hasRoom(watch: Watch, host: VisitHost): boolean {
  if (host.mayQueue()) return true;
  watch.skipped.queue += 1;
  return false;
}

/** Whether that was quick. */
function measured(watch: Watch, pass: Pass, { rules }: VisitHost): boolean {
  const result = measure(watch, pass.names, rules.hidden);
  watch.sums?.measure(result);
  if (typeof result === 'number') return !hasWorked();
  watch.lastError = result.error;
  return false;
}

function logged(watch: Watch, pass: Pass, host: VisitHost): void {
  if (watch.log?.rate.take(pass.startMs) === false) {
    watch.skipped.rate += 1;
    return;
  }
  if (!hasRoom(watch, host)) return;
  const captured = captureFor(watch, undefined, pass.all(), host.rules, host.maxCaptureMs);
  host.hit(watch, pass, captured);
  if (watch.log?.toStdout === true) host.print(watch, pass, captured.expressions);
}

/** From now on, so that our own time is not measured. */
function spanStarted(watch: Watch, pass: Pass): Token | undefined {
  watch.begun = (watch.begun ?? 0) + 1;
  if (watch.spans !== undefined) {
    watch.spans.start(monotonicMs);
    return pass.token;
  }
  const token: Token = pass.token ?? ({ __proto__: null } as unknown as Token);
  pass.endMs = monotonicMs();
  token[watch.slot] = pass.endMs;
  return token;
}

function spanEnded(watch: Watch, pass: Pass, host: VisitHost): void {
  const { token, startMs, runtimeMs } = pass;
  const at = startMs - runtimeMs;
  let tookMs: number | undefined;
  if (watch.spans !== undefined) {
    tookMs = watch.spans.end(at);
  } else {
    const started = token?.[watch.slot];
    if (token === undefined || started === undefined) return;
    token[watch.slot] = undefined;
    tookMs = at - started;
  }
  if (tookMs === undefined) return;
  watch.isChanged = true;
  const ms = tookMs > 0 ? tookMs : 0;
  watch.sums?.add(ms);
  const threshold = watch.duration?.thresholdMs;
  pass.isQuick = threshold === undefined || ms <= threshold || watch.hits >= watch.maxHits;
  if (pass.isQuick || !hasRoom(watch, host)) return;
  const captured = captureFor(watch, pass.site.spot.scopes, pass.all(), host.rules, host.maxCaptureMs);
  host.hit(watch, pass, { ...captured, durationMicros: round(ms * 1_000) });
}
