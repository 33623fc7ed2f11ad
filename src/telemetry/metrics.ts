import pTimeout from 'p-timeout';
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../lib/clock.ts';
import { type Catalogue, catalogue, type MetricName } from './catalogue.ts';
import type { Reading, Telemetry } from './telemetry.ts';

/** Combinations of label values that one metric may have. What comes beyond is counted as `other`, so that nobody can fill the memory. */
const maxSeries = 500;
/**
 * How long a gauge may take to be read: longer than the 2 s in which readiness answers of a database that hangs, and below the 10 s of a
 * scraper.
 */
const readMs = 4_000;
/** Two scrapers, or one that is impatient, cost no more than one. */
const keptMs = 1_000;

/** What is told is kept, for whoever asks. */
export interface Metrics extends Telemetry {
  readonly contentType: string;
  /** The text of Prometheus. Never rejects. */
  text(): Promise<string>;
}

type Entry = Catalogue[MetricName];

/** Loads prom-client, which a bridge without a metrics port does without. */
export async function createMetrics(clock: Clock): Promise<Metrics> {
  const client = await import('prom-client');
  const registry: Registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  const readers = new Map<string, () => Reading | Promise<Reading>>();
  const seen = new Map<string, Set<string>>();

  for (const [key, entry] of Object.entries(catalogue) as [MetricName, Entry][]) {
    const options = { name: entry.name, help: entry.meaning, labelNames: [...entry.labels], registers: [registry] };
    if (entry.type === 'counter') counters.set(key, startedAtZero(new client.Counter(options), entry));
    else if (entry.type === 'histogram') histograms.set(key, new client.Histogram({ ...options, buckets: [...entry.buckets] }));
    else {
      const label = entry.labels[0];
      const collect = async function (this: Gauge): Promise<void> {
        const reading = await readingOf(readers.get(key));
        // Nothing of before stays, and no 0 either, which is what a gauge without labels is after a reset.
        this.reset();
        if (label === undefined) this.remove();
        if (typeof reading === 'number') this.set(reading);
        else if (reading !== undefined && label !== undefined)
          for (const [value, number] of Object.entries(reading).slice(0, maxSeries)) this.set({ [label]: value }, number);
      };
      new client.Gauge({ ...options, collect });
    }
  }

  /** The labels as they are, or all of them `other` where there are too many already. */
  function bounded(key: string, labels: Record<string, string>): Record<string, string> {
    const known = seen.get(key) ?? new Set();
    seen.set(key, known);
    const series = Object.values(labels).join('\0');
    if (known.has(series)) return labels;
    if (known.size >= maxSeries) return Object.fromEntries(Object.keys(labels).map((label) => [label, 'other']));
    known.add(series);
    return labels;
  }

  let last: { atMs: number; text: Promise<string> } | undefined;
  return {
    contentType: registry.contentType,
    count: (name, labels, by = 1) => counters.get(name)?.inc(bounded(name, labels), by),
    observe: (name, labels, value) => histograms.get(name)?.observe(bounded(name, labels), Math.max(0, value)),
    gauge: (name, read) => void readers.set(name, read),
    text() {
      const nowMs = clock.monotonic();
      if (last === undefined || nowMs - last.atMs >= keptMs) last = { atMs: nowMs, text: registry.metrics() };
      return last.text;
    },
  };
}

/** What a gauge shows now; undefined where it cannot be told. */
async function readingOf(read: (() => Reading | Promise<Reading>) | undefined): Promise<Reading | undefined> {
  if (read === undefined) return undefined;
  return pTimeout(
    Promise.resolve().then(() => read()),
    { milliseconds: readMs },
  ).catch(() => undefined);
}

/** A counter whose first increase is seen, because there was a number before it. */
function startedAtZero(
  counter: Counter,
  { labels, values = [] }: { labels: readonly string[]; values?: readonly string[] },
): Counter {
  const [label] = labels;
  for (const value of values) if (label !== undefined) counter.inc({ [label]: value }, 0);
  return counter;
}
