import { parseArgs } from 'node:util';
import { freshSeed } from '../../../agents-sim/random.ts';
import { checks } from './checks.ts';

const usage = `Seeds of random captures, values, texts and policies; what redaction promises is checked for each.

  npm run fuzz -- [options]

  --seeds N     how many (100)
  --from N      the first one (any number)
  --seed N      one alone
  --seconds N   begins no new one after so long
  --only name   ${Object.keys(checks).join(' | ')}; again for several
  --failures N  ends after so many (10)
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string' },
    seed: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', multiple: true, default: Object.keys(checks) },
    failures: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const unknown = values.only.filter((name) => !Object.hasOwn(checks, name));
if (values.help || unknown.length > 0) {
  say(usage);
  process.exit(unknown.length > 0 ? 2 : 0);
}
const first = Number(values.seed ?? values.from ?? freshSeed());
const count = values.seed === undefined ? Number(values.seeds) : 1;
const began = performance.now();
const endMs = values.seconds === undefined ? Number.POSITIVE_INFINITY : began + Number(values.seconds) * 1_000;
let [done, failed] = [0, 0];
for (let seed = first; seed < first + count; seed += 1) {
  if (performance.now() >= endMs || failed >= Number(values.failures)) break;
  done += 1;
  for (const name of values.only) {
    try {
      await checks[name]?.(seed);
    } catch (problem) {
      failed += 1;
      say(
        `\nFAILED ${name}, seed ${seed}: ${(problem as Error).message}\nagain: npm run fuzz -- --only ${name} --seed ${seed}\n`,
      );
    }
  }
}
const seconds = (performance.now() - began) / 1_000;
say(`${done} seeds from ${first} of ${values.only.join(', ')}: ${failed} failures in ${seconds.toFixed(1)} s`);
process.exitCode = failed > 0 ? 1 : 0;
