import { parseArgs } from 'node:util';
import { type Engine, engines } from '../src/protocol/frames.ts';
import type { Run } from './agent/loaded.ts';
import { measurePauses } from './agent/pauses.ts';
import { leaveFirstCore } from './agent/service.ts';
import { startSidelight } from './agent/sidelight.ts';
import { soak } from './agent/soak.ts';
import { statesOf } from './agent/states.ts';
import { measureThroughput } from './agent/throughput.ts';
import { machine } from './measure.ts';

/** What the agent costs a program, beside nothing and beside its peers. See README.md for the options. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      couples: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '10' },
      burst: { type: 'string', default: '300' },
      connections: { type: 'string', default: '10' },
      heap: { type: 'string', default: '0' },
      arm: { type: 'string', default: '50' },
      node: { type: 'string', default: process.execPath },
      agent: { type: 'string' },
      engines: { type: 'string', default: engines.join() },
      only: { type: 'string', default: '' },
      unpinned: { type: 'boolean', default: false },
      part: { type: 'string', default: 'throughput,pauses' },
      soak: { type: 'string' },
    },
  });
  const run: Run = {
    couples: Number(values.couples),
    rounds: Number(values.rounds),
    burstMs: Number(values.burst),
    connections: Number(values.connections),
    service: { heapMb: Number(values.heap), node: values.node, isPinned: !values.unpinned },
  };
  const chosen = engines.filter((engine): engine is Engine => values.engines.split(',').includes(engine));
  const armMs = Number(values.arm);
  const shared = await startSidelight(values.agent);
  try {
    leaveFirstCore();
    console.log(`${machine()}\n`);
    const { heapMb, isPinned } = run.service;
    console.log(`An HTTP service ${isPinned ? 'on one core' : 'on all cores'}${heapMb ? `, ${heapMb} MB of live objects` : ''}.`);
    if (values.soak !== undefined) return await soak(shared, chosen, armMs, Number(values.soak), run);
    const only = new RegExp(values.only);
    const states = statesOf(shared, chosen, armMs).filter(({ name }) => only.test(name));
    console.log(
      `${run.connections} connections, ${run.couples} couples of services, ${run.rounds} bursts of ${run.burstMs} ms each; medians.\n`,
    );
    if (values.part.includes('throughput')) await measureThroughput(states, run);
    if (values.part.includes('pauses')) await measurePauses(shared, chosen, armMs, run);
  } finally {
    await shared.close();
  }
}

await main();
