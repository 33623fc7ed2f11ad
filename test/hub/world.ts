import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { SimulatedAgentOptions } from '../../agents-sim/hello.ts';
import { checkout, checkoutFile, priceLine } from '../../agents-sim/scenarios/checkout.ts';
import type { ConnectedAgent, Enrolment, HubHandlers, Objection, ReceivedHit, TurnedAway } from '../../src/hub/handlers.ts';
import { type AgentServer, createHub } from '../../src/hub/hub.ts';
import type { HubSettings } from '../../src/hub/settings.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Refusal } from '../../src/lib/refusal.ts';
import type { Action, AgentError, AgentPolicy, Hello, StateFrame } from '../../src/protocol/frames.ts';
import { bridgeKey } from '../agent/fake-bridge.ts';

/** Keys this world knows. */
export const keys: Record<string, Enrolment> = {
  any: { org: 'acme', pool: 'default', servicePattern: '*', keyId: 'k-any', firstKeyId: 'k-any' },
  check: { org: 'acme', pool: 'shop', servicePattern: 'check*', keyId: 'k-check', firstKeyId: 'k-check' },
  /** What `any` was rotated to. */
  rotated: { org: 'acme', pool: 'default', servicePattern: '*', keyId: 'k-rotated', firstKeyId: 'k-any' },
  other: { org: 'globex', pool: 'default', servicePattern: '*', keyId: 'k-other', firstKeyId: 'k-other' },
};

/** One thing a handler was told, in order. */
export type Event =
  | { on: 'connected' | 'disconnected'; agent: ConnectedAgent }
  | { on: 'state'; agent: ConnectedAgent; frame: StateFrame }
  | { on: 'hit'; agent: ConnectedAgent; hit: ReceivedHit };

/** The border of the hub: handlers that write down what they were told, and can be made to wait or fail. */
export class Recorder implements HubHandlers {
  readonly events: Event[] = [];
  /** What a connecting agent must have armed. */
  desired: Action[] = [];
  /** Agents that were not let in. */
  readonly away: TurnedAway[] = [];
  readonly errors: AgentError[] = [];
  /** What the store has against an agent. */
  against: Objection | undefined;
  agentPolicy: AgentPolicy = { names: { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] }, pause: false };
  /** Runs before a handler is done; may wait or throw. */
  before: Partial<Record<Event['on'], (event: Event) => Promise<void>>> = {};

  async authenticate(bearer: string | undefined): Promise<Enrolment> {
    if (bearer === undefined) throw new Refusal({ code: 'missing_token', message: 'The request carries no enrolment key.' });
    const found = keys[bearer];
    if (found === undefined) throw new Refusal({ code: 'invalid_token', message: 'The enrolment key is unknown.' });
    return found;
  }

  async objection(_hello?: Hello): Promise<Objection | undefined> {
    return this.against;
  }

  turnedAway(who: TurnedAway): void {
    this.away.push(who);
  }

  error(_agent: ConnectedAgent, frame: AgentError): void {
    this.errors.push(frame);
  }

  async connected(agent: ConnectedAgent): Promise<Action[]> {
    await this.#note({ on: 'connected', agent });
    return this.desired;
  }

  state = (agent: ConnectedAgent, frame: StateFrame) => this.#note({ on: 'state', agent, frame });
  hit = (agent: ConnectedAgent, hit: ReceivedHit) => this.#note({ on: 'hit', agent, hit });
  disconnected = (agent: ConnectedAgent, _saidBye: boolean) => this.#note({ on: 'disconnected', agent });
  policy = () => this.agentPolicy;

  hits(actionId?: string): ReceivedHit[] {
    return this.events.flatMap((event) =>
      event.on === 'hit' && (actionId === undefined || event.hit.id === actionId) ? [event.hit] : [],
    );
  }

  states(actionId: string): StateFrame[] {
    return this.events.flatMap((event) => (event.on === 'state' && event.frame.id === actionId ? [event.frame] : []));
  }

  count(on: Event['on']): number {
    return this.events.filter((event) => event.on === on).length;
  }

  async #note(event: Event): Promise<void> {
    await this.before[event.on]?.(event);
    this.events.push(event);
  }
}

/** A hub on a loopback port with a recorder behind it. */
export interface World {
  hub: AgentServer;
  handlers: Recorder;
  url: string;
  server: Server;
  /** Everything the hub logged. */
  log: string[];
  agent(options?: Partial<SimulatedAgentOptions>): SimulatedAgent;
  /** Ends the bridge as a crash does, and puts a new one on the same port; the handlers stay. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** Opens a world; end it in the test. */
export async function openWorld(settings: Partial<HubSettings> = {}): Promise<World> {
  const handlers = new Recorder();
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const agents: SimulatedAgent[] = [];
  const make = () => createHub({ clock: systemClock, log, handlers, key: bridgeKey, settings });
  let hub = make();
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => hub.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/agent`;
  return {
    get hub() {
      return hub;
    },
    handlers,
    url,
    server,
    log: lines,
    agent(options = {}) {
      const agent = new SimulatedAgent({ url, key: 'any', scenario: checkout(), seed: 1, ...options });
      agents.push(agent);
      return agent;
    },
    async restart() {
      await hub.close();
      hub = make();
    },
    async end() {
      await Promise.all(agents.map((agent) => agent.stop()));
      await hub.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let made = 0;

/** An action on the line of the checkout scenario that has a price. */
export function newAction(change: Partial<Omit<Action, 'limits'>> & { limits?: Partial<Action['limits']> } = {}): Action {
  made += 1;
  return {
    id: `act_${made}`,
    rev: 1,
    kind: 'snapshot',
    where: { file: checkoutFile, line: priceLine },
    expressions: [],
    ...change,
    limits: { hits: 1, depth: 3, ttlMs: 60_000, ...change.limits },
  };
}

/** Waits until it is so, looking every few milliseconds; fails after `ms`. */
export async function until(what: string, isSo: () => boolean, ms = 10_000): Promise<void> {
  const endsAt = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() > endsAt) throw new Error(`Not so within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
