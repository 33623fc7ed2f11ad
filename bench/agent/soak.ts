import type { Engine } from '../../src/protocol/frames.ts';
import { table } from '../measure.ts';
import { load } from './load.ts';
import { bring, end, type Loaded, type Run } from './loaded.ts';
import { usage } from './service.ts';
import { type Sidelight, sidelight } from './sidelight.ts';
import type { State } from './states.ts';
import type { Probe } from './watcher.ts';

const probes: Record<string, Probe> = {
  'condition never true': { kind: 'snapshot', mark: 'hot', isNever: true },
  snapshots: { kind: 'snapshot', mark: 'hot' },
  counter: { kind: 'counter', mark: 'hot' },
};
/** Rows of the table at most. */
const readings = 20;

/** Keeps hot probes armed under load for so many minutes, and prints how much memory each service holds over time. */
export async function soak(shared: Sidelight, engines: Engine[], armMs: number, minutes: number, run: Run): Promise<void> {
  const states: State[] = [
    { name: 'nothing' },
    ...engines.flatMap((engine) =>
      Object.entries(probes).map(([what, probe]) => ({
        ...{ name: `${engine}: ${what}`, probe, watcher: () => sidelight(shared, engine, armMs) },
      })),
    ),
  ];
  const loaded: Loaded[] = [];
  try {
    for (const state of states) {
      const one = await bring(state, run);
      if ('refused' in one) console.log(`${state.name}: refused: ${one.refused}`);
      else loaded.push(one);
    }
    const startedAt = performance.now();
    const rows: string[][] = [];
    const passedMinutes = (): number => (performance.now() - startedAt) / 60_000;
    while (passedMinutes() < minutes) {
      for (const { service } of loaded) await load(service, run.connections, run.burstMs);
      if (passedMinutes() < (rows.length * minutes) / readings) continue;
      rows.push([passedMinutes().toFixed(1), ...(await Promise.all(loaded.map(rssOf)))]);
    }
    rows.push([passedMinutes().toFixed(1), ...(await Promise.all(loaded.map(rssOf)))]);
    const calls = await Promise.all(loaded.map(async ({ service, since }) => String((await usage(service)).calls - since.calls)));
    const hits = loaded.map(({ placed }) => String(placed?.hits() ?? '–'));
    console.log('RSS in MB; each service is loaded in turn.\n');
    const names = loaded.map(({ state }) => state.name);
    console.log(table(['minute', ...names], [...rows, ['passes', ...calls], ['hits', ...hits]]));
  } finally {
    for (const one of loaded) await end(one);
  }
}

async function rssOf({ service }: Loaded): Promise<string> {
  return ((await usage(service)).rssBytes / 1e6).toFixed(0);
}
