import { monotonicMs } from '../intrinsics.ts';
import type { NameToRead, Spot } from '../source/spot.ts';
import type { NamesAtPass } from '../values/condition.ts';
import { ValuesAtPass } from './names-at-pass.ts';
import type { Pass, Site, Token } from './site.ts';

/** Calling us and going back, which our clock does not see. The whole of a pass was measured at 0.2–0.5 µs more than it shows. */
const assumedCallMs = 0.0001;

/** The pass of a site with inserted code: one object for all passes, as they come one at a time. */
export class EnteredPass implements Pass {
  readonly site: Site;
  readonly names: ValuesAtPass;
  token: Token | undefined;
  end: 'start' | 'end' | undefined;
  startMs = 0;
  readonly runtimeMs = assumedCallMs;
  endMs = 0;
  isQuick = false;

  constructor(site: Site, names: readonly string[]) {
    this.site = site;
    this.names = new ValuesAtPass(names, site.spot.scopes.early);
  }

  all(): NamesAtPass {
    return this.names;
  }

  /** Takes what the inserted code has handed over. */
  begin(token: unknown, values: readonly unknown[], isEnd = false): this {
    this.token = token as Token | undefined;
    this.end = this.site.isSpan ? (isEnd ? 'end' : 'start') : undefined;
    this.names.values = values;
    this.endMs = 0;
    this.startMs = monotonicMs();
    return this;
  }
}

/** A site where all that happens is that one counter goes up: no clock and no values, some nanoseconds a pass. */
export function quickCount({ attachments, isSpan }: Site): (() => void) | undefined {
  const first = attachments[0];
  if (isSpan || first === undefined || attachments.length > 1) return undefined;
  const { watch } = first;
  if (watch.kind !== 'counter' || watch.condition !== undefined) return undefined;
  const { cycle, sums } = watch;
  return () => {
    cycle.seen();
    sums?.count();
    watch.isChanged = true;
  };
}

/** What inserted code can read at a site. */
export function namesAt({ insertion, function: around }: Spot, isSpan: boolean): readonly NameToRead[] {
  if (isSpan) return around?.entry ?? [];
  return 'why' in insertion ? [] : insertion.names;
}
