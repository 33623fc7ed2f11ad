import { describe, expect, it } from 'vitest';
import { sumsOf } from './sample.ts';
import { judgeMemory, judgeOpen, memoryOf } from './verdict.ts';
import type { Usage } from './watched.ts';

const usage: Usage = {
  ...{ heapBytes: 40e6, codeBytes: 9e6, externalBytes: 9e6, bufferBytes: 8e6, rssBytes: 200e6, cpuMicros: 0, loopP99Ms: 1 },
  ...{ resources: { TCPServerWrap: 1, Timeout: 2 }, fds: 40, sockets: 7, files: 100 },
};
const bounds = { heap: 20, code: 100, buffers: 20, rss: 200 };

/** An hour, a sample every 10 s: the heap swings by 500 kB, rises much while it is warmed up and `kbPerMinute` afterwards. */
function hour(kbPerMinute: number, of: (bytes: number) => Partial<Usage> = (bytes) => ({ heapBytes: usage.heapBytes + bytes })) {
  return Array.from({ length: 360 }, (_, index) => {
    const minutes = index / 6;
    const warming = minutes < 15 ? minutes * 1e6 : 15e6;
    const swing = ((index * 7) % 11) * 45_000;
    const program = { ...usage, ...of(warming + swing + minutes * kbPerMinute * 1_000) };
    return { minutes, bridges: [], program, storeBytes: 0 };
  });
}

function amiss(samples: ReturnType<typeof hour>): string[] {
  const memory = memoryOf(samples, ({ program }) => program, 15);
  return judgeMemory('program', memory, bounds).flatMap(({ what, isWell }) => (isWell ? [] : [what]));
}

describe('the verdict of a soak', () => {
  it('is flat where memory only grew while it was warmed up', () => {
    expect(amiss(hour(0))).toEqual([]);
  });

  it('finds 40 kB a minute of data and of buffers, 150 of compiled code, and 300 of a whole process', () => {
    expect(amiss(hour(40))).toEqual(['program: heap']);
    const code = (bytes: number) => ({ heapBytes: usage.heapBytes + bytes, codeBytes: usage.codeBytes + bytes });
    expect(amiss(hour(40, code))).toEqual([]);
    expect(amiss(hour(150, code))).toEqual(['program: code']);
    expect(amiss(hour(40, (bytes) => ({ bufferBytes: usage.bufferBytes + bytes })))).toEqual(['program: buffers']);
    expect(amiss(hour(300, (bytes) => ({ rssBytes: usage.rssBytes + bytes })))).toEqual(['program: rss']);
  });

  it('is not flat where there are too few samples to say so', () => {
    expect(amiss(hour(0).slice(0, 92))).toContain('program: heap');
  });

  it('finds one descriptor, socket or handle that stays open', () => {
    const found = (after: Partial<Usage>) =>
      judgeOpen('program', usage, { ...usage, ...after }).flatMap(({ what, isWell }) => (isWell ? [] : [what]));
    expect(found({})).toEqual([]);
    expect(found({ files: 150, resources: { Timeout: 1 } })).toEqual([]);
    expect(found({ fds: 41 })).toEqual(['program: descriptors']);
    expect(found({ sockets: 8 })).toEqual(['program: sockets']);
    expect(found({ resources: { ...usage.resources, Timeout: 3 } })).toEqual(['program: handles']);
    expect(found({ resources: { ...usage.resources, FSReqCallback: 1 } })).toEqual(['program: handles']);
  });

  it('adds up the series of a metric', () => {
    const text =
      '# HELP a_total x\n# TYPE a_total counter\na_total{tool="x y",code="1 2"} 3\na_total{tool="z"} 4.5\nb 1e3\nb_count 2\n';
    expect([...sumsOf(text)]).toEqual([
      ['a_total', 7.5],
      ['b', 1_000],
      ['b_count', 2],
    ]);
  });
});
