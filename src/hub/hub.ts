import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type AddressOf, addressBehind } from '../identity/caller-address.ts';
import type { Clock } from '../lib/clock.ts';
import { Lines } from '../lib/lines.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { seldom } from '../lib/seldom.ts';
import { type Action, type BridgeFrame, type Located, type Remove, type StateFrame, subprotocol } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { Backlog } from './backlog.ts';
import type { ConnectedAgent, HubHandlers } from './handlers.ts';
import type { Query } from './locates.ts';
import { closeCodes } from './peer.ts';
import { startPulse } from './pulse.ts';
import { createRegistry } from './registry.ts';
import { createRoundTrips } from './round-trip.ts';
import { Session } from './session.ts';
import type { SessionContext } from './session-context.ts';
import { type HubSettings, hubDefaults } from './settings.ts';
import type { BridgeKey } from './signing.ts';
import { tellPolicy } from './tell-policy.ts';
import { Unfinished } from './unfinished.ts';
import { type Door, letIn } from './upgrade.ts';
import { within } from './within.ts';

/** Pieces of a message; each may keep all that one read of the socket brought, however small it is itself. */
const maxFragments = 64;
/** Reads that one piece comes in: the smallest packets of a slow line bring the largest frame in about 500. */
const maxBufferedChunks = 1_024;

/** What agents are told and asked, wherever they are connected. */
export interface Instructions {
  /** Resolves when the agent has answered; a `Refusal` (`upstream_error`, `too_busy`) when it does not in time. */
  arm(org: string, agentId: string, action: Action): Promise<unknown>;
  /** Best effort: resolves when the agent has answered, is gone or has had its time; never rejects. */
  remove(org: string, agentId: string, actionId: string, reason: Remove['reason']): Promise<void>;
  /** Where something is in the program as it runs; a `Refusal` when this agent cannot say, is busy, or does not answer in time. */
  locate(org: string, agentId: string, query: Query): Promise<Located>;
}

/** The agents that are connected to this replica. */
export interface Hub extends Instructions {
  /** In the order they came. */
  agents(org: string): ConnectedAgent[];
  find(org: string, agentId: string): ConnectedAgent | undefined;
  /** Of all organisations. */
  everyone(): ConnectedAgent[];
  /** Whether an agent was asked for this action on its connection; false when it is not here. */
  hasAsked(org: string, agentId: string, actionId: string): boolean;
  /** Resolves with the agent's first answer. */
  arm(org: string, agentId: string, action: Action): Promise<StateFrame>;
  /** Cuts the connection of an agent that has connected to another replica. */
  letGo(agent: ConnectedAgent): void;
  /** Sends the organisation's policy again to each of its agents. */
  setPolicy(org: string): void;
  /** Turns out every agent that came with this enrolment key, and whoever still comes with it. */
  revokeKey(keyId: string): void;
  /** Enrolment keys that connected agents came with. */
  keysInUse(): string[];
  /** Lets nobody in any more, lets work in hand finish (bounded), and sends the agents to another replica. */
  drain(): Promise<void>;
  /** Cuts every connection and stops the clockwork. */
  close(): Promise<void>;
}

/** A hub behind an HTTP server: give it every `upgrade` event. */
export interface AgentServer extends Hub {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Makes a connection of an upgrade that was let in. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, opened: (socket: WebSocket) => void) => void;

/** The refusal of what is asked of an agent that is not there. */
export function notConnected(agentId: string): Refusal {
  return new Refusal({
    code: 'upstream_error',
    message: `Agent ${agentId} is not connected.`,
    next: 'Call list_sources to see what is connected.',
  });
}

/** Nobody is connected yet; beats start at once. */
export function createHub(options: {
  clock: Clock;
  log: Log;
  handlers: HubHandlers;
  key: BridgeKey;
  settings?: Partial<HubSettings>;
  /** The default believes no header. */
  addressOf?: AddressOf;
  telemetry?: Telemetry;
  /** The default makes WebSockets. */
  upgrade?: Upgrade | undefined;
}): AgentServer {
  const settings = { ...hubDefaults, ...options.settings };
  const registry = createRegistry(settings.maxRemembered);
  const { addressOf = addressBehind([]), telemetry = noTelemetry } = options;
  const admissions = new Lines({ ...settings.admissions, waiting: settings.maxConnections });
  const linesOf = (open: { each: number; all: number }) => new Lines({ ...open, waiting: settings.maxQueuedFrames });
  const lines = { states: linesOf(settings.storing), hits: linesOf(settings.storing), redaction: linesOf(settings.redacting) };
  const backlog = new Backlog(settings.maxBacklogBytes);
  const strangers = seldom(options.log, options.clock, {
    level: 'warn',
    left: 'more agents were turned out in a minute than the log takes',
  });
  const context: SessionContext = { ...options, strangers, settings, registry, addressOf, telemetry, admissions, lines, backlog };
  const revoked = new Set<string>();
  const door: Door & { draining: boolean } = { draining: false, revoked, authenticating: 0 };
  const roundTrips = createRoundTrips(settings);
  const stopPulse = startPulse(context);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxAgentFrameBytes,
    maxFragments,
    maxBufferedChunks,
    handleProtocols: () => subprotocol,
  });
  const upgrade: Upgrade = options.upgrade ?? ((...upgrading) => server.handleUpgrade(...upgrading));
  const unfinished = new Unfinished(options.clock, settings);

  /** Whoever has left is not asked any more, though what came before may still be in hand. */
  function sessionOf(org: string, agentId: string): Session | undefined {
    const session = registry.byId.get(agentId);
    return session?.enrolment.org === org && !session.isClosed ? session : undefined;
  }

  function allFinished(): Promise<unknown> {
    const all = Promise.all([...registry.open].map((session) => session.finished));
    return within(settings.drainMs, 'Closing', all).catch((error) =>
      options.log.warn({ err: error }, 'agents not closed in time'),
    );
  }

  return {
    handleUpgrade(request, socket, head) {
      void letIn(context, door, request, socket).then((enrolment) => {
        if (enrolment === undefined) return;
        upgrade(request, socket, head, (webSocket) => {
          unfinished.watch(webSocket, socket);
          new Session(context, webSocket, enrolment, context.addressOf(request));
        });
      });
    },
    agents: (org) => [...registry.byId.values()].flatMap(({ agent }) => (agent?.org === org ? [agent] : [])),
    find: (org, agentId) => sessionOf(org, agentId)?.agent,
    everyone: () => [...registry.byId.values()].flatMap(({ agent }) => agent ?? []),
    hasAsked: (org, agentId, actionId) => sessionOf(org, agentId)?.conversation.hasAsked(actionId) ?? false,
    async arm(org, agentId, action) {
      const session = sessionOf(org, agentId);
      if (session !== undefined) return roundTrips.arm(session, agentId, action);
      throw notConnected(agentId);
    },
    async remove(org, agentId, actionId, reason) {
      const session = sessionOf(org, agentId);
      if (session !== undefined) await roundTrips.remove(session, actionId, reason);
    },
    async locate(org, agentId, query) {
      const session = sessionOf(org, agentId);
      if (session?.agent === undefined) throw notConnected(agentId);
      if (session.agent.hello.capabilities.locate !== true) {
        throw new Refusal({
          code: 'upstream_error',
          message: `Agent ${agentId} cannot look for places in its program.`,
          next: 'Update this agent, ask another one (list_sources), or give file and line.',
        });
      }
      return session.conversation.locates.ask(agentId, query, (frame) => session.tell(frame));
    },
    letGo(agent) {
      const session = registry.byId.get(agent.id);
      if (session?.agent === agent) session.letGo();
    },
    setPolicy(org) {
      const agents = [...registry.byId.values()].flatMap((session) =>
        session.agent?.org === org ? [{ agent: session.agent, tell: (frame: BridgeFrame) => session.tell(frame) }] : [],
      );
      void tellPolicy(agents, options.handlers.policy).catch((error) =>
        options.log.error({ err: error, org }, 'policy not sent to every agent'),
      );
    },
    revokeKey(keyId) {
      revoked.add(keyId);
      for (const session of registry.open) {
        if (session.enrolment.keyId === keyId) session.turnOut('revoked', 'The enrolment key of this agent was revoked.');
      }
    },
    keysInUse: () => [...new Set([...registry.open].map((session) => session.enrolment.keyId))],
    async drain() {
      door.draining = true;
      const sessions = [...registry.open];
      await within(settings.drainMs, 'Draining', Promise.all(sessions.map((session) => session.idle()))).catch(() => undefined);
      for (const session of sessions) session.peer.refuse('draining', 'This bridge is shutting down.', closeCodes.restart);
      await allFinished();
    },
    async close() {
      door.draining = true;
      stopPulse();
      for (const session of registry.open) session.peer.cut();
      await allFinished();
      server.close();
    },
  };
}
