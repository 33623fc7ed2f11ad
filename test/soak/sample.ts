import type { Bridges, SoakedBridge } from './bridges.ts';
import type { Usage, Watched } from './watched.ts';

/** Numbers of /metrics that are looked at, all labels added up. */
const gauges = {
  openCalls: 'sidelight_calls_open',
  waits: 'sidelight_waits_open',
  queuedCalls: 'sidelight_calls_queued',
  statements: 'sidelight_database_statements_open',
  actions: 'sidelight_actions_active',
  agents: 'sidelight_agents_connected',
} as const;
const counters = {
  calls: 'sidelight_calls_total',
  hits: 'sidelight_hits_total',
  connections: 'sidelight_agent_connections_total',
  reloads: 'sidelight_policy_reloads_total',
} as const;

export type Gauges = Record<keyof typeof gauges, number>;
export type Counters = Record<keyof typeof counters, number>;

/** A bridge at one moment. */
export interface BridgeSample extends Usage {
  gauges: Gauges;
  counters: Counters;
}

/** Everything at one moment. */
export interface Sample {
  /** Since the load began. */
  minutes: number;
  bridges: BridgeSample[];
  program: Usage;
  storeBytes: number;
}

/** Asks all of them. */
export async function takeSample(bridges: Bridges, program: Watched, minutes: number): Promise<Sample> {
  return {
    minutes,
    bridges: await Promise.all(bridges.all.map(sampleOf)),
    program: await program.usage(),
    storeBytes: await bridges.storeBytes(),
  };
}

async function sampleOf(bridge: SoakedBridge): Promise<BridgeSample> {
  // Before the numbers are read: that takes a connection, which ends a moment after its answer.
  const usage = await bridge.usage();
  const answer = await fetch(bridge.urls.metricsUrl, { headers: { Connection: 'close' } });
  const sums = sumsOf(await answer.text());
  const pick = <Name extends string>(names: Record<Name, string>) =>
    Object.fromEntries(Object.entries<string>(names).map(([key, name]) => [key, sums.get(name) ?? 0])) as Record<Name, number>;
  return { ...usage, gauges: pick(gauges), counters: pick(counters) };
}

/** The text of Prometheus, all series of a name added up. */
export function sumsOf(text: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-z_]+)(?:\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

/** What a bridge is called, by its place. */
export function nameOf(index: number): string {
  return `bridge ${index + 1}`;
}
