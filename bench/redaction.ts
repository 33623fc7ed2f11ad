import { SyncCompositeRedactor } from 'redact-pii/lib/SyncCompositeRedactor.js';
import type { CaptureData } from '../src/protocol/frames.ts';
import { defaultRedactionPolicy, profiles } from '../src/redaction/policy.ts';
import { scrubCapture } from '../src/redaction/scrub.ts';
import { Session } from '../src/redaction/session.ts';
import { machine, median, table } from './measure.ts';
import { snapshots } from './snapshots.ts';

const seed = Number(process.env.BENCH_SEED ?? 6);
const rounds = 40;
const warmups = 8;
/** Different captures in turn, so that nobody lives on having seen the same one. */
const variants = 12;
/** What is redacted at once: one snapshot, and what an answer of many hits holds. */
const sizes = [
  { name: '10 kB, one hit', hits: 1, chars: 10_000 },
  { name: '1 MB, 50 hits', hits: 50, chars: 20_000 },
];

interface Subject {
  name: string;
  once(hits: readonly CaptureData[], texts: readonly string[]): unknown;
}

const peer = new SyncCompositeRedactor();
const peerName = 'redact-pii, defaults, per leaf';
const floorName = 'JSON parse and stringify';
const ours = profiles.map((profile): Subject => {
  const policy = { ...defaultRedactionPolicy, profile };
  return {
    name: `Sidelight, ${profile}`,
    once: (hits) => hits.map((hit) => scrubCapture(new Session(policy, 'key of the bench'), hit)),
  };
});
const subjects: Subject[] = [
  { name: floorName, once: (_, texts) => texts.map((text) => JSON.stringify(JSON.parse(text))) },
  { name: peerName, once: (hits) => hits.map((hit) => eachText(hit, (text) => peer.redact(text))) },
  ...ours,
];

/** The value with every text in it changed, names of fields left out. */
function eachText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element: unknown) => eachText(element, change));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, eachText(field, change)]));
}

/** Processor time in milliseconds, so that neighbours on the machine do not count. */
function cpuMs(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

console.log(`${machine()}, seed ${seed}\n`);
for (const { name, hits, chars } of sizes) {
  const source = snapshots(seed);
  const sets = Array.from({ length: variants }, () => {
    const data = Array.from({ length: hits }, () => source.of(chars));
    return { data, texts: data.map((each) => JSON.stringify(each)) };
  });
  // A single small snapshot takes less than a clock of processor time can tell.
  const repeats = Math.ceil(20 / hits);
  const rates = new Map(subjects.map((subject) => [subject.name, [] as number[]]));
  for (let round = -warmups; round < rounds; round += 1) {
    const used = Array.from(
      { length: repeats },
      (_, at) => sets[((round + warmups) * repeats + at) % variants] as (typeof sets)[number],
    );
    const bytes = used.reduce((sum, { texts }) => sum + texts.reduce((all, text) => all + text.length, 0), 0);
    for (const subject of subjects) {
      const ms = cpuMs(() => {
        for (const { data, texts } of used) subject.once(data, texts);
      });
      if (round >= 0) rates.get(subject.name)?.push(bytes / 1_000 / ms);
    }
  }
  const rateOf = (subject: string): number => median(rates.get(subject) ?? []);
  console.log(`${name} (median of ${rounds}, processor time)\n`);
  console.log(
    table(
      ['', 'MB/s', '× redact-pii', '× JSON'],
      subjects.map((subject) => [
        subject.name,
        rateOf(subject.name).toFixed(1),
        (rateOf(subject.name) / rateOf(peerName)).toFixed(2),
        (rateOf(subject.name) / rateOf(floorName)).toFixed(3),
      ]),
    ),
  );
  console.log();
}
