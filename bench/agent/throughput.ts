import { setTimeout as delay } from 'node:timers/promises';
import { median, table } from '../measure.ts';
import { type Burst, load } from './load.ts';
import { bring, end, type Loaded, type Run } from './loaded.ts';
import { usage } from './service.ts';
import type { State } from './states.ts';

/**
 * Services without anybody that take turns, because a single one that worked every other burst read 1.3 to 1.6 times slower on a busy
 * machine than others that had rested, at equal processor time a request.
 */
const floors = 10;

/** What is still on its way when the load is over: agents tell their sums with the beat. */
const lastWordMs = 5_000;

/** What a burst cost, against the bursts without anybody right before and after it. */
interface Ratios {
  throughput: number[];
  p99: number[];
  cpu: number[];
}

interface Cost extends Burst {
  cpuMicrosPerRequest: number;
}

interface Row {
  loaded: Loaded;
  ratios: Ratios;
  /** Requests and seconds under load since the probe was placed. */
  requests: number;
  seconds: number;
}

/** Loads the service in every state in turn, each between two bursts of services without anybody, and prints the table. */
export async function measureThroughput(states: State[], run: Run): Promise<void> {
  const plain: Loaded[] = [];
  const refused = new Map<State, string>();
  const rows: Row[] = [];
  try {
    for (let count = 0; count < floors; count += 1) plain.push(await bringPlain(run));
    for (const state of states) {
      const loaded = await bring(state, run);
      if ('refused' in loaded) refused.set(state, loaded.refused);
      else rows.push({ loaded, ratios: { throughput: [], p99: [], cpu: [] }, requests: 0, seconds: 0 });
    }
    const alone: Cost[] = [];
    const burstAlone = async (): Promise<Cost> => {
      const next = plain[alone.length % plain.length] as Loaded;
      const cost = await burst(next, run);
      alone.push(cost);
      return cost;
    };
    for (let round = -1; round < run.rounds; round += 1) {
      let before = await burstAlone();
      // Another one is first each time.
      const first = Math.max(0, round) % Math.max(1, rows.length);
      for (const row of [...rows.slice(first), ...rows.slice(0, first)]) {
        process.stderr.write(`\r\x1b[Kround ${round + 1} of ${run.rounds}: ${row.loaded.state.name}`);
        const own = await burst(row.loaded, run).catch((error: Error) => error.message);
        if (typeof own === 'string') {
          refused.set(row.loaded.state, own);
          rows.splice(rows.indexOf(row), 1);
          await end(row.loaded);
          continue;
        }
        const after = await burstAlone();
        row.requests += own.requests;
        row.seconds += run.burstMs / 1_000;
        if (round >= 0) add(row.ratios, own, [before, after]);
        before = after;
      }
    }
    await print(states, rows, refused, alone);
  } finally {
    for (const loaded of [...rows.map((row) => row.loaded), ...plain]) await end(loaded);
  }
}

async function bringPlain(run: Run): Promise<Loaded> {
  const plain = await bring({ name: 'nothing' }, run);
  if ('refused' in plain) throw new Error(plain.refused);
  return plain;
}

async function burst({ service }: Loaded, { connections, burstMs }: Run): Promise<Cost> {
  const before = await usage(service);
  const result = await load(service, connections, burstMs);
  const after = await usage(service);
  return { ...result, cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / result.requests };
}

/**
 * Against each neighbour on its own, not against their mean: of two equal services either is as likely to be the faster, so the median of
 * such ratios is 1 however uneven the noise is.
 */
function add(ratios: Ratios, own: Cost, neighbours: Cost[]): void {
  for (const neighbour of neighbours) {
    ratios.throughput.push(own.requestsPerSecond / neighbour.requestsPerSecond);
    ratios.p99.push(own.p99Micros / neighbour.p99Micros);
    ratios.cpu.push(own.cpuMicrosPerRequest / neighbour.cpuMicrosPerRequest);
  }
}

async function print(states: State[], rows: Row[], refused: Map<State, string>, alone: Cost[]): Promise<void> {
  process.stderr.write('\r\x1b[K');
  await delay(lastWordMs);
  const cells: string[][] = [];
  for (const state of states) {
    const row = rows.find(({ loaded }) => loaded.state === state);
    cells.push([state.name, ...(row === undefined ? [`refused: ${refused.get(state)}`, '', '', '', ''] : await cellsOf(row))]);
  }
  const typical = (part: (cost: Cost) => number): string => median(alone.map(part)).toFixed(0);
  const p99 = typical(({ p99Micros }) => p99Micros);
  console.log(`Without anybody: ${typical(({ requestsPerSecond }) => requestsPerSecond)} requests/s, p99 ${p99} µs.\n`);
  console.log(table(['', 'requests/s × without', 'p99 × without', 'CPU a request × without', 'RSS MB', 'gave'], cells));
}

async function cellsOf({ loaded: { service, since, placed }, ratios, requests, seconds }: Row): Promise<string[]> {
  const { rssBytes, calls } = await usage(service);
  const counted = placed?.counted?.();
  const share = counted === undefined ? undefined : `${((100 * counted) / (calls - since.calls)).toFixed(1)} % counted`;
  const hits = placed === undefined || requests === 0 ? undefined : `${(placed.hits() / seconds).toFixed(1)} hits/s`;
  return [
    withInterval(ratios.throughput),
    median(ratios.p99).toFixed(2),
    median(ratios.cpu).toFixed(2),
    (rssBytes / 1e6).toFixed(0),
    [share ?? hits, placed?.how?.()].filter((part) => part !== undefined).join(', '),
  ];
}

/** The median and where it lies with about 95 % certainty, by the order of the samples. */
function withInterval(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const reach = Math.ceil(0.98 * Math.sqrt(sorted.length));
  const middle = (sorted.length - 1) / 2;
  const at = (index: number): string => (sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN).toFixed(3);
  return `${median(values).toFixed(3)} (${at(Math.floor(middle - reach))}–${at(Math.ceil(middle + reach))})`;
}
