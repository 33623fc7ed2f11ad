import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../helpers/program.ts';
import { type Bridges, startBridges } from './bridges.ts';
import type { Done } from './load.ts';
import { nameOf, type Sample, takeSample } from './sample.ts';
import { settle } from './settle.ts';
import { startShop } from './shop.ts';
import { type Amount, type Load, startLoad } from './start-load.ts';
import { type Bounds, type Finding, judgeAll } from './verdict.ts';
import type { Watched } from './watched.ts';
import { judgeWork, notYet } from './work.ts';

const startMs = 120_000;
/** Samples that may be missing, as a share: on a machine that is busy with others a question may stay without an answer. */
const maxMissed = 0.05;
/** What ended is deleted at the latest one turn of the housekeeping after its time, and a turn takes a moment. */
const housekeepingSlackMs = 15_000;

export interface SoakOptions {
  /** Of the load. */
  minutes: number;
  /** From the start of the load: samples before that are no part of a trend. */
  warmUpMinutes: number;
  sampleMs: number;
  /** Directory with the built `dist/` and `examples/shop`. */
  root: string;
  /** URL of a PostgreSQL server for two bridges; absent: one on embedded storage. */
  postgres?: string | undefined;
  /** Ended actions and audit records are kept so long, and housekeeping comes round so often. */
  keptMs: number;
  housekeepingMs: number;
  load: Amount;
  bounds: Bounds;
  /** Directory for heap snapshots of the bridges and the program, one after the warm-up and one at the end. */
  snapshots?: string | undefined;
  /** Hears each sample. */
  sampled?(sample: Sample): void;
}

/** What came of it. */
export interface Soaked {
  findings: Finding[];
  samples: Sample[];
  done: Done;
  /** Rows of the tables at the end. */
  rows: Record<string, number>;
  /** Share of a core, of each process. */
  cores: Record<string, number>;
}

const hourMs = 3_600_000;
/** A soak takes so many times its minutes at most. */
const maxTimes = 3;

/** Bridges, a program and everybody who uses them, for so long; then looks what they hold. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const { root, postgres, keptMs, housekeepingMs } = options;
  const bridges = await startBridges({ root, postgres, keptMs, hurry: hourMs / housekeepingMs });
  const [first] = bridges.all;
  let program: Watched | undefined;
  let load: Load | undefined;
  try {
    if (first === undefined) throw new Error('There is no bridge.');
    program = startShop(root, { agentUrl: first.urls.agentUrl, key: bridges.keys.enrolKey });
    const running = { bridges, program };
    const before = await until(
      'the shop is connected',
      async () => {
        const sample = await takeSample(bridges, running.program, 0);
        return sample.bridges.some(({ gauges }) => gauges.agents > 0) ? sample : undefined;
      },
      startMs,
    );
    load = startLoad(bridges, options.load);
    await load.begun();
    const { samples, whole } = await watch(running, load, options);
    const done = await load.stop();
    const { after, open } = await settle(bridges, program, before);
    const findings = [
      whole,
      ...judgeAll(samples, options.warmUpMinutes, options.bounds),
      ...open,
      ...judgeWork(done, after, [...bridges.all, program]),
    ];
    // As long as the bridges are up: what is late after that, nobody could delete.
    const latestMs = keptMs + housekeepingMs + housekeepingSlackMs;
    const instant = Date.now() - latestMs;
    const exits = [await program.stop(), ...(await bridges.stop())];
    const isClean = exits.every((code) => code === 0);
    findings.push({ what: 'all end by themselves', isWell: isClean, told: `exit codes ${exits.join(', ')}` });
    const { tables: rows, overdue } = await bridges.rows(instant);
    findings.push({ what: 'retention', isWell: overdue === 0, told: `${overdue} actions kept beyond ${latestMs / 1_000} s` });
    return { findings, samples, done, rows, cores: coresOf(samples, done) };
  } finally {
    await load?.stop().catch(() => undefined);
    await program?.stop();
    await bridges.remove();
  }
}

interface Running {
  bridges: Bridges;
  program: Watched;
}

/** Samples until the time is over; the load has to live so long. */
async function watch(
  { bridges, program }: Running,
  load: Load,
  options: SoakOptions,
): Promise<{ samples: Sample[]; whole: Finding }> {
  const { minutes, warmUpMinutes, sampleMs, snapshots, sampled } = options;
  const startedAt = performance.now();
  const samples: Sample[] = [];
  const missed: string[] = [];
  const dump = async (when: string) => {
    if (snapshots === undefined) return;
    for (const [index, bridge] of bridges.all.entries())
      await bridge.heapSnapshot(`${snapshots}/bridge-${index}-${when}.heapsnapshot`);
    await program.heapSnapshot(`${snapshots}/program-${when}.heapsnapshot`);
  };
  let isWarm = false;
  for (let turn = 1; ; turn += 1) {
    await sleep(Math.max(sampleMs / 2, startedAt + turn * sampleMs - performance.now()));
    if (!load.isRunning()) throw new Error('The load ended by itself.');
    const minutesSince = (performance.now() - startedAt) / 60_000;
    const sample = await takeSample(bridges, program, minutesSince).catch(
      (problem: unknown) => void missed.push(String(problem)),
    );
    if (sample !== undefined) {
      samples.push(sample);
      sampled?.(sample);
    }
    if (!isWarm && minutesSince >= warmUpMinutes) await dump('warm');
    isWarm = minutesSince >= warmUpMinutes;
    // On a machine that is busy with others the time alone does not make sure that there was anything to look at.
    if (minutesSince >= minutes && (notYet(load.done().counts).length === 0 || minutesSince >= maxTimes * minutes)) break;
  }
  await dump('end');
  const share = missed.length / (samples.length + missed.length);
  const told = `${samples.length}, ${missed.length} missed ${missed.slice(0, 3).join('; ')}`;
  return { samples, whole: { what: 'samples', isWell: share <= maxMissed, told } };
}

function coresOf(samples: Sample[], done: Done): Record<string, number> {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return {};
  const micros = (last.minutes - first.minutes) * 60e6;
  const share = (of: (sample: Sample) => number) => (of(last) - of(first)) / micros;
  return {
    ...Object.fromEntries(
      last.bridges.map((_, index) => [nameOf(index), share(({ bridges }) => bridges[index]?.cpuMicros ?? 0)]),
    ),
    program: share(({ program }) => program.cpuMicros),
    load: done.cpuMicros / (last.minutes * 60e6),
  };
}
