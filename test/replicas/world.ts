import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { policiesWith, quotasOf, startAgent } from '../flow/world.ts';
import { postgresWorld, type World } from '../storage/engines.ts';
import { Acknowledged } from './books.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Network } from './namespaces.ts';
import { dialFrom } from './room-bridge.ts';

/** Bridges with agents behind a balancer, and what these agents were told is stored. */
export interface Together {
  world: World;
  fleet: Fleet;
  agents: SimulatedAgent[];
  acknowledged: Acknowledged;
  /** The directory of policies that all bridges read. */
  policies: string;
  close(): Promise<void>;
}

interface TogetherOptions {
  replicas: number;
  agents: number;
  seed: number;
  /** Of each agent, while something is armed. */
  passesPerSecond?: number;
  /** Another database than the usual one. */
  open?: () => Promise<World>;
  /** Lower than nobody ever meets. */
  quotas?: Record<string, number>;
  /** More settings of the bridges, as flags. */
  flags?: string[];
  /** Each bridge in a room of its own, and each agent at one bridge, in turn. */
  network?: Network | undefined;
}

/** Starts them; everything is on loopback unless there is a network. */
export async function together({
  replicas,
  agents: count,
  seed,
  passesPerSecond = 3,
  open = postgresWorld,
  quotas,
  flags = [],
  network,
}: TogetherOptions): Promise<Together> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const world = await open();
    closing.push(() => world.close());
    const wide = { hits_per_hour: 1_000_000, calls_per_hour: 1_000_000, hits_per_investigation: 1_000_000 };
    const policies = await policiesWith({ 'quotas.yaml': quotasOf({ ...wide, ...quotas }) });
    closing.push(() => policies.remove());
    const fleet = await startFleet({ url: world.url ?? '', replicas, policies: policies.directory, flags, network });
    closing.push(() => fleet.close());
    const acknowledged = new Acknowledged();
    const agents: SimulatedAgent[] = [];
    closing.push(() => Promise.all(agents.map((agent) => agent.stop())));
    for (let index = 0; index < count; index += 1) {
      const id = `checkout-${index}`;
      const member = network && fleet.members[index % replicas];
      const agentUrl = member?.running.first.agentUrl ?? fleet.balancer.agentUrl;
      const told = { id, seed: seed + index, passesPerSecond, acknowledged: acknowledged.of(id) };
      const connect = network && { connect: dialFrom(network.host.agents) };
      agents.push(await startAgent({ agentUrl, enrolKey: fleet.keys.enrolKey }, { ...told, ...connect }));
    }
    return { world, fleet, agents, acknowledged, close, policies: policies.directory };
  } catch (problem) {
    await close();
    throw problem;
  }
}
