import type { Passes } from '../protocol/frames.ts';
import type { TargetRecord } from './action.ts';

/** What several agents counted, as if one had. */
export function addUp(targets: [TargetRecord, ...TargetRecord[]]): TargetRecord {
  const sum = (count: (target: TargetRecord) => number | undefined) =>
    targets.reduce((total, target) => total + (count(target) ?? 0), 0);
  const skipped = {
    condition: sum((target) => target.skipped?.condition),
    error: sum((target) => target.skipped?.error),
    budget: sum((target) => target.skipped?.budget),
    queue: sum((target) => target.skipped?.queue),
    rate: sum((target) => target.skipped?.rate),
  };
  const sums = {
    count: sum((target) => target.sums?.count),
    notNumbers: sum((target) => target.sums?.notNumbers),
    unfinished: sum((target) => target.sums?.unfinished),
  };
  return {
    ...targets[0],
    hits: sum((target) => target.hits),
    taken: sum((target) => target.taken),
    passes: passesOf(targets.flatMap(({ passes }) => passes ?? [])),
    ...(targets.some((target) => target.skipped !== undefined) ? { skipped } : {}),
    ...(targets.some((target) => target.sums !== undefined) ? { sums } : {}),
  };
}

/** The time is the least that each has had, so that what is said of it is true of all; the share of it away is that of all. */
function passesOf(all: Passes[]): Passes | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  const sum = (count: (passes: Passes) => number) => all.reduce((total, passes) => total + count(passes), 0);
  const armedMs = Math.min(...all.map((passes) => passes.armedMs));
  const awayShare =
    sum((passes) => passes.awayMs) /
    Math.max(
      1,
      sum((passes) => passes.armedMs),
    );
  return {
    ...first,
    seen: sum((passes) => passes.seen),
    trips: sum((passes) => passes.trips),
    armedMs,
    awayMs: awayShare * armedMs,
  };
}
