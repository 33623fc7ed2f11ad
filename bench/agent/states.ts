import type { Engine } from '../../src/protocol/frames.ts';
import { datadog } from '../peers/datadog.ts';
import { google } from '../peers/google.ts';
import { type Sidelight, sidelight } from './sidelight.ts';
import type { Probe, Watcher } from './watcher.ts';

/** What stands in a service while it is loaded. */
export interface State {
  name: string;
  /** Nothing, when absent. */
  watcher?: () => Watcher;
  probe?: Probe;
  /** The probe was placed and taken away again. */
  isRemoved?: boolean;
}

const probes: Record<string, Probe> = {
  'a function that is not called': { kind: 'snapshot', mark: 'cold' },
  'a line not reached of the hot function': { kind: 'snapshot', mark: 'branch' },
  'hot line, condition never true': { kind: 'snapshot', mark: 'hot', isNever: true },
  'counter on the hot line': { kind: 'counter', mark: 'hot' },
  'metric on the hot line': { kind: 'metric', mark: 'hot' },
  'duration of the hot function': { kind: 'duration', mark: 'hot' },
  'log lines on the hot line, as many as it takes': { kind: 'logpoint', mark: 'hot' },
  'snapshots on the hot line, 1/s': { kind: 'snapshot', mark: 'hot', perSecond: 1 },
  'snapshots on the hot line, as many as it takes': { kind: 'snapshot', mark: 'hot' },
};

/** Every state of the table, in its order. */
export function statesOf(shared: Sidelight, engines: Engine[], armMs: number): State[] {
  const ours = (engine?: Engine) => () => sidelight(shared, engine, armMs);
  return [
    { name: 'nothing' },
    { name: 'agent: idle', watcher: ours() },
    // Instrumented code is there from the start; the other engines leave nothing behind.
    ...engines
      .filter((engine) => engine === 'load-time')
      .map((engine) => ({ name: `agent, ${engine}: idle`, watcher: ours(engine) })),
    ...engines.flatMap((engine) => statesWith(`agent, ${engine}`, ours(engine))),
    { name: 'dd-trace: idle, with its tracing', watcher: () => datadog({ traces: true }) },
    { name: 'dd-trace: idle', watcher: () => datadog() },
    ...statesWith('dd-trace', () => datadog()),
    { name: 'Google: idle', watcher: google },
    ...statesWith('Google', google),
  ];
}

function statesWith(name: string, watcher: () => Watcher): State[] {
  return [
    ...Object.entries(probes).map(([what, probe]) => ({ name: `${name}: ${what}`, watcher, probe })),
    {
      ...{ name: `${name}: after removal`, watcher, isRemoved: true },
      probe: { kind: 'snapshot', mark: 'hot', isNever: true },
    },
  ];
}
