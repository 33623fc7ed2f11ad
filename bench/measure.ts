import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Before each sample: an answer leaves work behind (an action taken off, a database flushed) that is not the next one's cost. */
const settleMs = 15;

/** One thing to measure: does it once and resolves when the answer is complete. */
export interface Subject {
  name: string;
  once(): Promise<void>;
}

export interface Timing {
  name: string;
  medianMs: number;
  p95Ms: number;
  p99Ms: number;
}

/** Times every subject once in each round, so that a busy machine is busy for all of them. */
export async function interleaved(subjects: Subject[], rounds: number, warmups: number): Promise<Timing[]> {
  const samples = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (let round = -warmups; round < rounds; round += 1) {
    for (const { name, once } of subjects) {
      await delay(settleMs);
      const startedAt = performance.now();
      await once();
      if (round >= 0) samples.get(name)?.push(performance.now() - startedAt);
    }
  }
  return subjects.map(({ name }) => ({ name, ...quantiles(samples.get(name) ?? []) }));
}

/** Requests a second with `connections` of each subject in flight: the median over `rounds` bursts, again interleaved. */
export async function throughput(
  subjects: Subject[],
  connections: number,
  each: number,
  rounds: number,
): Promise<Map<string, number>> {
  const rates = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round += 1) {
    for (const { name, once } of subjects) {
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: connections }, () => repeat(once, each)));
      if (round >= 0) rates.get(name)?.push((connections * each * 1_000) / (performance.now() - startedAt));
    }
  }
  return new Map([...rates].map(([name, values]) => [name, median(values)]));
}

export function median(values: number[]): number {
  return at(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** What the figures were taken on; ratios within a run travel, milliseconds do not. */
export function machine(): string {
  const cores = cpus();
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
  return `Node ${process.version}, ${process.platform} ${process.arch}, ${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, load ${load}`;
}

/** Rows under a head, as Markdown. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

async function repeat(once: () => Promise<void>, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await once();
}

function quantiles(samples: number[]): Omit<Timing, 'name'> {
  const sorted = samples.toSorted((a, b) => a - b);
  return { medianMs: at(sorted, 0.5), p95Ms: at(sorted, 0.95), p99Ms: at(sorted, 0.99) };
}

function at(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
