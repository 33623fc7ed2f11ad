import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freshSeed } from '../../agents-sim/random.ts';
import { soak } from './soak.ts';
import { columns, rowOf, told } from './told.ts';

const usage = `Bridges, a real program and everybody who uses them for an hour, and whether their memory stays flat.

  npm run soak -- [options]      after npm run build

  --minutes N      of load (60)
  --warm-up N      minutes of them that are no part of the trend (a quarter, at most 15)
  --sample N       seconds between two samples (10)
  --postgres URL   two bridges on a database of this server, instead of one on embedded storage
  --root DIR       where dist/ and examples/ are (this checkout)
  --snapshots DIR  heap snapshots of the bridges and the program go there, after the warm-up and at the end
  --bound N        kB a minute that the data on the heap may grow (20); five times as much for compiled code, ten for the process
  --seed N         repeats what the callers ask for (random, and printed)

Ends with 1 when memory grows, or anything is left open, unanswered or undeleted.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    'warm-up': { type: 'string' },
    sample: { type: 'string', default: '10' },
    postgres: { type: 'string' },
    root: { type: 'string', default: fileURLToPath(new URL('../..', import.meta.url)) },
    snapshots: { type: 'string' },
    bound: { type: 'string', default: '20' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const say = (text: string) => process.stdout.write(`${text}\n`);
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
const heap = Number(values.bound);
say(`${minutes} minutes, seed ${seed}\n`);
let count = 0;
const soaked = await soak({
  ...{ minutes, postgres: values.postgres, snapshots: values.snapshots },
  root: values.root.replace(/\/$/, ''),
  warmUpMinutes: values['warm-up'] === undefined ? Math.min(15, minutes / 4) : Number(values['warm-up']),
  sampleMs: Number(values.sample) * 1_000,
  ...{ keptMs: 120_000, housekeepingMs: 60_000 },
  load: { seed, agents: 20, pauseMs: 1_000, agentEveryMs: 1_500, policyEveryMs: 30_000 },
  bounds: { heap, code: heap * 5, buffers: heap, rss: heap * 10 },
  sampled(sample) {
    if (count === 0) say(columns(sample));
    count += 1;
    say(rowOf(sample));
  },
});
say(told(soaked));
const isWell = soaked.findings.every((finding) => finding.isWell);
// What is written to a pipe is still on its way.
await new Promise((written) => process.stdout.write('', written));
process.exit(isWell ? 0 : 1);
