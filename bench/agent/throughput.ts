import { setTimeout as delay } from 'node:timers/promises';
import { median, table } from '../measure.ts';
import { type Burst, load } from './load.ts';
import { bring, end, type Loaded, type Run } from './loaded.ts';
import { usage } from './service.ts';
import type { State } from './states.ts';

/** What is still on its way when the load is over: agents tell their sums with the beat. */
const lastWordMs = 2_500;

/** What bursts cost, against the bursts of the twin next to them. */
interface Ratios {
  throughput: number[];
  p99: number[];
  cpu: number[];
}

interface Cost extends Burst {
  cpuMicrosPerRequest: number;
}

/** What is kept of a service in its state when it has been ended. */
interface Told {
  rssMb: number[];
  /** Hits a second under load, or the share of passes that was counted, and how. */
  gave: string;
}

interface Row extends Told {
  state: State;
  ratios: Ratios;
  refused?: string;
}

/**
 * Measures each state beside a twin without anybody that works in the same rhythm: two services alternate, in turn the one and the other
 * first, and each burst is compared with the twin's next to it. No two processes are equally fast, so there are several such couples.
 */
export async function measureThroughput(states: State[], run: Run): Promise<void> {
  const rows: Row[] = [];
  const alone: Cost[] = [];
  for (const state of states) {
    const row: Row = { state, ratios: { throughput: [], p99: [], cpu: [] }, rssMb: [], gave: '' };
    for (let couple = 0; couple < run.couples && row.refused === undefined; couple += 1) await measureCouple(row, alone, run);
    rows.push(row);
  }
  process.stderr.write('\r\x1b[K');
  const typical = (part: (cost: Cost) => number): string => median(alone.map(part)).toFixed(0);
  const p99 = typical(({ p99Micros }) => p99Micros);
  console.log(`Without anybody: ${typical(({ requestsPerSecond }) => requestsPerSecond)} requests/s, p99 ${p99} µs.\n`);
  console.log(table(['', 'requests/s × twin', 'p99 × twin', 'CPU a request × twin', 'RSS MB', 'gave'], rows.map(cellsOf)));
}

/** One service in the state and its twin, from their start to their end. */
async function measureCouple(row: Row, alone: Cost[], run: Run): Promise<void> {
  const twin = await bring({ name: 'nothing' }, run);
  if ('refused' in twin) throw new Error(twin.refused);
  let loaded: Loaded | undefined;
  try {
    const brought = await bring(row.state, run);
    if ('refused' in brought) {
      row.refused = brought.refused;
      return;
    }
    loaded = brought;
    let requests = 0;
    for (let round = -1; round < run.rounds; round += 1) {
      process.stderr.write(`\r\x1b[K${row.state.name}: burst ${round + 1} of ${run.rounds}`);
      const isFirst = round % 2 === 0;
      const before = isFirst ? await burst(loaded, run) : await burst(twin, run);
      const after = isFirst ? await burst(twin, run) : await burst(loaded, run);
      const [own, other] = isFirst ? [before, after] : [after, before];
      requests += own.requests;
      if (round < 0) continue;
      alone.push(other);
      add(row.ratios, own, other);
    }
    await delay(lastWordMs);
    await tell(row, loaded, requests, ((run.rounds + 1) * run.burstMs) / 1_000);
  } catch (problem) {
    row.refused = (problem as Error).message;
  } finally {
    if (loaded !== undefined) await end(loaded);
    await end(twin);
  }
}

async function burst({ service }: Loaded, { connections, burstMs }: Run): Promise<Cost> {
  const before = await usage(service);
  const result = await load(service, connections, burstMs);
  const after = await usage(service);
  return { ...result, cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / result.requests };
}

function add(ratios: Ratios, own: Cost, twin: Cost): void {
  ratios.throughput.push(own.requestsPerSecond / twin.requestsPerSecond);
  ratios.p99.push(own.p99Micros / twin.p99Micros);
  ratios.cpu.push(own.cpuMicrosPerRequest / twin.cpuMicrosPerRequest);
}

async function tell(row: Row, { service, since, placed }: Loaded, requests: number, seconds: number): Promise<void> {
  const { rssBytes, calls } = await usage(service);
  row.rssMb.push(rssBytes / 1e6);
  if (placed === undefined || requests === 0) return;
  const counted = placed.counted?.();
  const share = counted === undefined ? undefined : `${((100 * counted) / (calls - since.calls)).toFixed(1)} % counted`;
  row.gave = [share ?? `${(placed.hits() / seconds).toFixed(1)} hits/s`, placed.how?.()]
    .filter((part) => part !== undefined)
    .join(', ');
}

function cellsOf({ state, ratios, rssMb, gave, refused }: Row): string[] {
  if (refused !== undefined) return [state.name, `refused: ${refused}`, '', '', '', ''];
  return [
    state.name,
    withInterval(ratios.throughput),
    median(ratios.p99).toFixed(2),
    withInterval(ratios.cpu),
    median(rssMb).toFixed(0),
    gave,
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
