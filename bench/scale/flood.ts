import { setImmediate } from 'node:timers/promises';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';

/** An agent that sends what the bridge has to write down, as fast as it is read: `url key`. */
const [url = '', key = ''] = process.argv.slice(2);
const framesPerTurn = 50;

const agent = new SimulatedAgent({ url, key, scenario: { ...checkout(), service: 'flood' }, seed: 9 });
await agent.start();
process.stdout.write('flooding\n');
for (let n = 1; ; ) {
  for (let sent = 0; sent < framesPerTurn; sent += 1, n += 1) {
    const skipped = { condition: 0, error: 0, budget: 0, queue: 0 };
    agent.sendRaw({ t: 'state', n, id: `act_${n}`, rev: 1, state: 'removed', hits: 0, skipped });
  }
  await setImmediate();
}
