import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../src/protocol/frames.ts';
import { median, table } from '../measure.ts';
import { datadog } from '../peers/datadog.ts';
import { google } from '../peers/google.ts';
import { bring, end, type Run } from './loaded.ts';
import { type Paced, paced } from './service.ts';
import { type Sidelight, sidelight } from './sidelight.ts';
import type { State } from './states.ts';
import type { Captured, Probe } from './watcher.ts';

/** Twenty calls of the hot function a second: below everybody's cap, so that each pass can be a snapshot. */
const everyMs = 50;
const times = 60;
/** For what is still on its way: peers send once a second. */
const arrivalMs = 2_500;
const probe: Probe = { kind: 'snapshot', mark: 'hot' };

interface Pauses {
  took: number[];
  busy: number[];
  values: number[];
  told: number[];
}

/**
 * How long one snapshot holds the program, from outside: what a call of the hot function that gave a snapshot takes longer than one in a
 * service without anybody, found by the number of the call in the capture; and how much longer the event loop is busy around it.
 */
export async function measurePauses(shared: Sidelight, engines: Engine[], armMs: number, run: Run): Promise<void> {
  const states: State[] = [
    { name: 'nothing' },
    ...engines.map((engine) => ({ name: `agent, ${engine}`, watcher: () => sidelight(shared, engine, armMs), probe })),
    { name: 'dd-trace, our limits', watcher: () => datadog(), probe },
    { name: 'dd-trace, its own limits', watcher: () => datadog({ usesOwnLimits: true }), probe },
    { name: 'Google', watcher: () => google(), probe },
  ];
  const refused = new Map<State, string>();
  const measured = new Map<State, Pauses>(states.map((state) => [state, { took: [], busy: [], values: [], told: [] }]));
  const rounds = run.couples;
  for (let round = 0; round < rounds; round += 1)
    for (const state of states) {
      if (refused.has(state)) continue;
      const why = await oneRound(state, run, measured.get(state) as Pauses);
      if (why !== undefined) refused.set(state, why);
    }
  print(states, measured, refused);
}

/** A process of its own each round; answers why it is refused. */
async function oneRound(state: State, run: Run, to: Pauses): Promise<string | undefined> {
  const loaded = await bring(state, run);
  if ('refused' in loaded) return loaded.refused;
  try {
    const { service, placed } = loaded;
    placed?.takeCaptures();
    const result = await paced(service, times, everyMs);
    if (placed === undefined) {
      to.took.push(...result.tookMicros);
      to.busy.push(...result.busyMicros);
      return undefined;
    }
    await delay(arrivalMs);
    attribute(result, placed.takeCaptures(), to);
    return undefined;
  } finally {
    await end(loaded);
  }
}

function attribute({ first, tookMicros, busyMicros }: Paced, captures: Captured[], to: Pauses): void {
  for (const { call, values, pauseMicros } of captures) {
    const index = call === undefined ? -1 : call - first;
    const took = tookMicros[index];
    const busy = busyMicros[index];
    // Another call than one of the paced ones, for example of the warm-up.
    if (took === undefined || busy === undefined) continue;
    to.took.push(took);
    to.busy.push(busy);
    to.values.push(values);
    if (pauseMicros !== undefined) to.told.push(pauseMicros);
  }
}

function print(states: State[], measured: Map<State, Pauses>, refused: Map<State, string>): void {
  const [first] = states;
  const plain = measured.get(first as State) as Pauses;
  const peer = states.find(({ name }) => name.startsWith('dd-trace'));
  const excess = (values: number[], floor: number[]): number => median(values) - median(floor);
  const peerTook = peer && excess(measured.get(peer)?.took ?? [], plain.took);
  const rows = states.slice(1).map((state) => {
    const why = refused.get(state);
    if (why !== undefined) return [state.name, `refused: ${why}`, '', '', '', '', '', '', ''];
    const { took, busy, values, told } = measured.get(state) as Pauses;
    const own = excess(took, plain.took);
    const sorted = took.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      ((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) - median(plain.took)).toFixed(0);
    return [
      state.name,
      String(took.length),
      own.toFixed(0),
      (own / (peerTook ?? Number.NaN)).toFixed(3),
      at(0.1),
      at(0.95),
      excess(busy, plain.busy).toFixed(0),
      told.length === 0 ? '–' : median(told).toFixed(0),
      median(values).toFixed(0),
    ];
  });
  console.log('\nWhat one snapshot holds the program, in microseconds; medians.\n');
  const head = [
    '',
    'snapshots',
    'longer call',
    '× dd-trace',
    'p10',
    'p95',
    'busier event loop',
    'as it says itself',
    'values in it',
  ];
  console.log(table(head, rows));
}
