import { parseArgs } from 'node:util';
import { Machine, machine } from './machine.ts';
import type { WorldKind } from './mischief.ts';
import { onceFailed } from './once-failed.ts';

const usage = `Seeds of a storm over several bridges: everything goes wrong, and promises are checked after every step.

  npm run storm -- [options]

  --seeds N     how many (100)
  --from N      the first one (a number of the day)
  --seconds N   begins no new one after so long
  --seed N      one alone, with everything that happens in it
  --failures N  ends after so many (10)
  --known       also those that failed once
  --kind K      only worlds of one kind: calm, prompt or wild (by the seed)
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    failures: { type: 'string', default: '10' },
    known: { type: 'boolean', default: false },
    kind: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const say = (text: string) => process.stdout.write(`${text}\n`);
const first = Number(values.from ?? Math.floor(Date.now() / 86_400_000) * 100_000);
const { policyDirectory } = await import('./policies.ts');
machine.takeOver(policyDirectory);
const { openDatabase, runSeed } = await import('./storm.ts');
const db = await openDatabase();
const failed = new Set<number>();
let [done, steps, events] = [0, 0, 0];

async function run(seed: number, isWhole = false): Promise<string> {
  const { digest, lines, problem, ...ran } = await runSeed(db, seed, isWhole, values.kind as WorldKind | undefined);
  done += 1;
  steps += ran.steps;
  events += ran.events;
  if (problem === undefined && !isWhole) return digest;
  say(lines.join('\n'));
  if (problem !== undefined) fail(seed, problem);
  return digest;
}

function fail(seed: number, problem: unknown): void {
  failed.add(seed);
  const { stack, message, rule } = problem as Error & { rule?: string };
  say(`\nFAILED seed ${seed}: ${rule === undefined ? stack : message}\nagain: npm run storm -- --seed ${seed}\n`);
}

const spent = process.cpuUsage();
const beganMs = Machine.outsideMs();
if (values.seed === undefined) {
  const endMs = values.seconds === undefined ? Number.POSITIVE_INFINITY : beganMs + Number(values.seconds) * 1_000;
  for (const seed of values.known ? onceFailed : []) await run(seed);
  // A failure could not be looked at if the same seed did not do the same again.
  const [once, again] = [await run(first), await run(first)];
  if (once !== again) fail(first, new Error('It did something else the second time.'));
  for (let seed = first + 1; seed < first + Number(values.seeds); seed += 1) {
    if (Machine.outsideMs() >= endMs || failed.size >= Number(values.failures)) break;
    await run(seed);
  }
} else {
  say(await run(Number(values.seed), true));
}
const seconds = (Machine.outsideMs() - beganMs) / 1_000;
const { user, system } = process.cpuUsage(spent);
say(
  `${done} seeds from ${values.seed ?? first}, ${failed.size} failed; ${steps} steps, ${events} events in ${seconds.toFixed(1)} s ` +
    `(${((user + system) / 1e6).toFixed(1)} s of a core): ${(done / seconds).toFixed(2)} seeds/s`,
);
// What is written to a pipe is still on its way.
await new Promise((written) => process.stdout.write('', written));
process.exit(failed.size > 0 ? 1 : 0);
