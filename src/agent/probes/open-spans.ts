import { AsyncSpans } from '../kinds/async-spans.ts';
import { type Spans, SyncSpans } from '../kinds/spans.ts';
import { isOnStack, stackDepth } from '../kinds/stack-depth.ts';
import type { Spot } from '../source/spot.ts';
import { whereNow } from './instrumented-scripts.ts';
import type { Frame } from './site.ts';

/** How starts and ends are paired at breakpoints; or why they cannot be. */
export function openSpans(spots: readonly Spot[], { function: hook, below }: Frame): Spans | { problem: string } {
  const first = spots[0];
  if (first?.function === undefined) return { problem: 'Breakpoints time no code outside of functions.' };
  if (first.span === undefined) return { problem: 'The function around the line has no end that a breakpoint could see.' };
  const { isAsync, isGenerator } = first.function;
  if (isGenerator) return { problem: 'Breakpoints cannot tell the runs of a generator from each other.' };
  if (!isAsync) return new SyncSpans(() => stackDepth(hook));
  const { entry, returns } = first.span;
  const end = returns.at(-1) ?? entry;
  return AsyncSpans.open(() => isOnStack(hook, below, first.script.path, whereNow(entry), whereNow(end)));
}
