import { nameOf, type Sample } from './sample.ts';
import { type Trend, trendOf } from './trend.ts';
import type { Usage } from './watched.ts';

/** Upper ends of what may be called flat, kB a minute. */
export interface Bounds {
  /** Data: the heap without compiled code, which V8 goes on making for an hour and more, and which ends with the program's text. */
  heap: number;
  code: number;
  buffers: number;
  rss: number;
}

/** One line of the judgement. */
export interface Finding {
  what: string;
  isWell: boolean;
  told: string;
}

/** What memory of a process did after the warm-up, in kB a minute. */
export interface Memory {
  heap: Trend;
  code: Trend;
  buffers: Trend;
  rss: Trend;
}

const kinds = {
  heap: ({ heapBytes, codeBytes }: Usage) => heapBytes - codeBytes,
  code: ({ codeBytes }: Usage) => codeBytes,
  buffers: ({ bufferBytes }: Usage) => bufferBytes,
  rss: ({ rssBytes }: Usage) => rssBytes,
};

/** Lines through what a process held; only samples after the warm-up. */
export function memoryOf(samples: readonly Sample[], of: (sample: Sample) => Usage, warmUpMinutes: number): Memory {
  const warm = samples.filter(({ minutes }) => minutes >= warmUpMinutes);
  const line = (kind: keyof typeof kinds) => trendOf(warm.map((sample) => [sample.minutes, kinds[kind](of(sample)) / 1_000]));
  return { heap: line('heap'), code: line('code'), buffers: line('buffers'), rss: line('rss') };
}

/** Flat: the upper end of the 95 % interval is below the bound, so that too few samples are never flat. */
export function judgeMemory(who: string, memory: Memory, bounds: Bounds): Finding[] {
  return (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind) => {
    const { slope, margin } = memory[kind];
    return {
      what: `${who}: ${kind}`,
      isWell: slope + margin <= bounds[kind],
      told: `${slope.toFixed(1)} ± ${margin.toFixed(1)} kB/min, at most ${bounds[kind]}`,
    };
  });
}

/** What is open no more than at the start, though everybody came and went. */
export function judgeOpen(who: string, before: Usage, after: Usage): Finding[] {
  const compare = (what: string, was: number | undefined, is: number | undefined): Finding[] =>
    was === undefined || is === undefined
      ? []
      : [{ what: `${who}: ${what}`, isWell: is <= was, told: `${is} at the end, ${was} at the start` }];
  const grown = Object.entries(after.resources).filter(([kind, count]) => count > (before.resources[kind] ?? 0));
  return [
    ...compare('descriptors', before.fds, after.fds),
    ...compare('sockets', before.sockets, after.sockets),
    {
      what: `${who}: handles`,
      isWell: grown.length === 0,
      told: grown.length === 0 ? JSON.stringify(after.resources) : `more than at the start: ${JSON.stringify(grown)}`,
    },
  ];
}

/** The memory of all bridges and of the program. */
export function judgeAll(samples: readonly Sample[], warmUpMinutes: number, bounds: Bounds): Finding[] {
  const count = samples[0]?.bridges.length ?? 0;
  const memories = Array.from({ length: count }, (_, index) => ({
    who: nameOf(index),
    memory: memoryOf(samples, (sample) => sample.bridges[index] as Sample['program'], warmUpMinutes),
  }));
  memories.push({ who: 'program', memory: memoryOf(samples, ({ program }) => program, warmUpMinutes) });
  return memories.flatMap(({ who, memory }) => judgeMemory(who, memory, bounds));
}
