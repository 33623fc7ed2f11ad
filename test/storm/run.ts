import { fork } from 'node:child_process';
import { once } from 'node:events';
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
  --workers N   processes that share the seeds (1)
`;

const options = {
  seeds: { type: 'string', default: '100' },
  from: { type: 'string', default: String(Math.floor(Date.now() / 86_400_000) * 100_000) },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  failures: { type: 'string', default: '10' },
  known: { type: 'boolean', default: false },
  kind: { type: 'string' },
  workers: { type: 'string', default: '1' },
  help: { type: 'boolean', default: false },
} as const;
const { values } = parseArgs({ options });
const say = (text: string) => process.stdout.write(`${text}\n`);
const first = Number(values.from);

/** What a process came to. */
interface Sum {
  done: number;
  failed: number;
  steps: number;
  events: number;
  cpuSeconds: number;
}

const beganMs = Machine.outsideMs();
if (values.help) process.stdout.write(usage);
else {
  const sum = Number(values.workers) > 1 ? await shared(Number(values.workers)) : await alone();
  if (process.send === undefined) tell(sum);
  else await new Promise((sent) => process.send?.(sum, sent));
  process.exitCode = sum.failed > 0 ? 1 : 0;
}
// What is written to a pipe is still on its way.
await new Promise((written) => process.stdout.write('', written));
process.exit();

function tell({ done, failed, steps, events, cpuSeconds }: Sum): void {
  const seconds = (Machine.outsideMs() - beganMs) / 1_000;
  say(
    `${done} seeds from ${values.seed ?? first}, ${failed} failed; ${steps} steps, ${events} events in ${seconds.toFixed(1)} s ` +
      `(${cpuSeconds.toFixed(1)} s of a core): ${(done / seconds).toFixed(2)} seeds/s`,
  );
}

/** Each process has its own share of the seeds; those that failed once are with the first. */
async function shared(workers: number): Promise<Sum> {
  const each = Math.ceil(Number(values.seeds) / workers);
  const sums = Array.from({ length: workers }, async (_, turn): Promise<Sum> => {
    const seeds = Math.min(each, Number(values.seeds) - turn * each);
    const share = ['--workers', '1', '--from', String(first + turn * each), '--seeds', String(seeds)];
    const known = process.argv.slice(2).filter((word) => word !== '--known' || turn === 0);
    const child = fork(import.meta.filename, [...known, ...share]);
    const [said] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [])]);
    return (said as Sum | undefined) ?? { done: 0, failed: 1, steps: 0, events: 0, cpuSeconds: 0 };
  });
  return (await Promise.all(sums)).reduce((sum, one) => ({
    done: sum.done + one.done,
    failed: sum.failed + one.failed,
    steps: sum.steps + one.steps,
    events: sum.events + one.events,
    cpuSeconds: sum.cpuSeconds + one.cpuSeconds,
  }));
}

async function alone(): Promise<Sum> {
  const spent = process.cpuUsage();
  const { policyDirectory } = await import('./policies.ts');
  machine.takeOver(policyDirectory);
  const { openDatabase, runSeed } = await import('./storm.ts');
  const db = await openDatabase();
  const failed = new Set<number>();
  let [done, steps, events] = [0, 0, 0];
  const { kind } = values as { kind?: WorldKind };

  async function run(seed: number, isWhole = false): Promise<string> {
    const { digest, lines, problem, ...ran } = await runSeed(db, seed, isWhole, kind);
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
  const { user, system } = process.cpuUsage(spent);
  return { done, failed: failed.size, steps, events, cpuSeconds: (user + system) / 1e6 };
}
