import type { WebSocket } from 'ws';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { Random } from '../../agents-sim/random.ts';
import type { Scenario } from '../../agents-sim/scenario.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';
import { leaky, secrets } from '../../agents-sim/scenarios/leaky.ts';
import { type LieName, liar } from '../../agents-sim/scenarios/liar.ts';
import type { AgentFrame, BridgeFrame, HitFrame } from '../../src/protocol/frames.ts';
import type { Enrolment } from './callers.ts';
import type { Machine } from './machine.ts';
import type { StormReplica } from './replica.ts';
import { type Network, Wire } from './wires.ts';

/** Lies that cost little to tell and to hear. */
const cheapLies: [LieName, ...LieName[]] = [
  'moreThanAsked',
  'unknownAction',
  'forgedTags',
  'prototypeKeys',
  'wrongStates',
  'replay',
  'control',
  'garbage',
  'numbers',
];

/** A hit that an agent says it took. */
export interface Told extends Pick<HitFrame, 'id' | 'hit' | 'n'> {
  isAcknowledged: boolean;
}

export interface AgentShape {
  org: string;
  pool: string;
  key: Enrolment;
  kind: 'honest' | 'leaky' | 'liar';
  index: number;
}

/** A program with an agent, and what went over its connections. */
export class StormAgent {
  readonly shape: AgentShape;
  readonly agent: SimulatedAgent;
  readonly host: string;
  readonly told = new Map<number, Told>();
  /** Since when it has had one connection without a pause to a replica that works; undefined while it has none. */
  connectedAt: number | undefined;
  wire: Wire | undefined;
  /** The one it came to last. */
  replica: StormReplica | undefined;
  ackedN = 0;
  readonly #machine: Machine;

  constructor(
    shape: AgentShape,
    machine: Machine,
    random: Random,
    network: Network,
    route: (wire: Wire) => StormReplica | undefined,
  ) {
    this.shape = shape;
    this.#machine = machine;
    this.host = `host-${shape.org}-${shape.pool}-${shape.index}`;
    this.agent = new SimulatedAgent({
      ...{ url: 'storm:', key: shape.key.secret, id: `sim-${this.host}`, seed: random.integer(0, 2 ** 30), host: this.host },
      keySeed: Buffer.alloc(32, shape.index + 1),
      scenario: scenarioOf(shape, random),
      connect: (_url, key) => {
        const wire = new Wire(machine, network);
        this.wire = wire;
        this.connectedAt = undefined;
        wire.agent.once('close', () => {
          if (this.wire === wire) this.connectedAt = undefined;
        });
        const replica = route(wire);
        this.replica = replica;
        if (replica === undefined) wire.unreachable();
        else replica.connect(wire, key);
        return wire.agent as unknown as WebSocket;
      },
    });
  }

  get isHonest(): boolean {
    return this.shape.kind !== 'liar';
  }

  start(): void {
    this.agent.start().catch(() => undefined);
  }

  /** It sent a frame. */
  said(frame: AgentFrame): void {
    if (frame.t === 'hit' && !this.told.has(frame.n))
      this.told.set(frame.n, { id: frame.id, hit: frame.hit, n: frame.n, isAcknowledged: false });
  }

  /** A frame arrived; gives the hits that are acknowledged by it. */
  heard(frame: BridgeFrame): Told[] {
    if (frame.t === 'welcome') this.connectedAt = this.#machine.now;
    const acked = frame.t === 'ack' ? frame.n : frame.t === 'welcome' ? frame.ackedN : 0;
    const fresh: Told[] = [];
    for (let n = this.ackedN + 1; n <= acked; n += 1) {
      const told = this.told.get(n);
      if (told === undefined || told.isAcknowledged) continue;
      told.isAcknowledged = true;
      fresh.push(told);
    }
    this.ackedN = Math.max(this.ackedN, acked);
    return fresh;
  }
}

function scenarioOf({ kind }: AgentShape, random: Random): Scenario {
  if (kind === 'leaky') return withoutPersonalNames(leaky());
  return kind === 'liar' ? liar([random.pick(cheapLies), random.pick(cheapLies)]) : checkout();
}

/** Names of functions, files and variables stay readable, so the e-mail address in those of the scenario is meant to be seen. */
function withoutPersonalNames(scenario: Scenario): Scenario {
  return {
    ...scenario,
    next(random) {
      const pass = scenario.next(random);
      const scopes = pass.scopes.map(({ kind, values: { [secrets.email]: _named, ...values } }) => ({ kind, values }));
      return { ...pass, callers: [], scopes };
    },
  };
}
