import { parseArgs } from 'node:util';
import { SimulatedAgent } from './agent.ts';
import type { Faults } from './faults.ts';
import type { SimulatedAgentOptions } from './hello.ts';
import { freshSeed } from './random.ts';
import { checkout } from './scenarios/checkout.ts';
import { fleet } from './scenarios/fleet.ts';
import { leaky } from './scenarios/leaky.ts';
import { liar } from './scenarios/liar.ts';

const usage = `Simulated agents for a Sidelight bridge.

  npx tsx agents-sim/main.ts --url ws://127.0.0.1:4000/agent --key sle_… [options]

  --bridge-key KEY  obeys this bridge only (the first one that welcomes)
  --scenario NAME   checkout, fleet, leaky or liar (checkout)
  --count N         how many agents (1; fleet: 100)
  --service NAME    instead of the scenario's own
  --rate N          passes of the program each second while an action is armed (5)
  --seed N          repeats a run (random, and printed)
  --faults LIST     for example delay=0.1,duplicate=0.01,reconnect=0.001 (none)
`;

/** Agents that start at the same time; more would only wait for the bridge. */
const startingAtOnce = 50;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    key: { type: 'string' },
    'bridge-key': { type: 'string' },
    scenario: { type: 'string', default: 'checkout' },
    count: { type: 'string' },
    service: { type: 'string' },
    rate: { type: 'string', default: '5' },
    seed: { type: 'string' },
    faults: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const { url, key } = values;
if (values.help || url === undefined || key === undefined) {
  process.stdout.write(usage);
  process.exit(values.help ? 0 : 2);
}

const seed = values.seed === undefined ? freshSeed() : number('seed', values.seed);
const count = number('count', values.count ?? (values.scenario === 'fleet' ? '100' : '1'));
const common = {
  url,
  key,
  passesPerSecond: number('rate', values.rate),
  faults: readFaults(values.faults),
  ...(values.service === undefined ? {} : { service: values.service }),
  ...(values['bridge-key'] === undefined ? {} : { bridgeKey: values['bridge-key'] }),
};
const agents = members(values.scenario).map((member) => new SimulatedAgent({ ...member, ...common }));

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all(agents.map((agent) => agent.stop()));
  process.exit(0);
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

process.stdout.write(`${values.scenario}: ${agents.length} agents, seed ${seed}\n`);
let connected = 0;
for (let at = 0; at < agents.length && !stopping; at += startingAtOnce) {
  const some = agents.slice(at, at + startingAtOnce).map((agent) =>
    agent.start().then(
      () => {
        connected += 1;
      },
      (error: Error) => process.stderr.write(`${agent.id}: ${error.message}\n`),
    ),
  );
  await Promise.all(some);
}
process.stdout.write(`${connected} connected\n`);
if (connected === 0) process.exit(1);

function members(name: string): Omit<SimulatedAgentOptions, 'url' | 'key'>[] {
  if (name === 'fleet') return fleet(count, seed);
  const scenarios = { checkout, leaky, liar: () => liar() };
  if (!Object.hasOwn(scenarios, name)) fail(`There is no scenario ${name}.`);
  const make = scenarios[name as keyof typeof scenarios];
  return Array.from({ length: count }, (_, index) => ({ scenario: make(), seed: seed + index }));
}

function readFaults(text: string): Faults {
  const faults: Faults = {};
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [name = '', value = ''] = part.split('=');
    const known = (['drop', 'delay', 'maxDelayMs', 'duplicate', 'reorder', 'reconnect'] as const).find((one) => one === name);
    if (known === undefined) fail(`There is no fault ${name}.`);
    faults[known] = number(name, value);
  }
  return faults;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0) fail(`--${name}: ${text} is no number.`);
  return value;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
