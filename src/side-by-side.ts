import { hostname } from 'node:os';
import type { Waker } from './actions/waker.ts';
import { type AgentHandlers, toRecord } from './agents.ts';
import type { PoliciesInForce } from './authorization/in-force.ts';
import type { Config } from './config.ts';
import type { Hub } from './hub/hub.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { scrubLocatedPlace } from './redaction/words.ts';
import { createAgreement } from './replicas/agreement.ts';
import { settingsTold } from './replicas/alike.ts';
import { connectReplicas, type Replicas } from './replicas/connect.ts';
import type { Storage } from './storage/open.ts';
import type { AgentRecord, Among } from './targets/agent.ts';
import { version } from './version.ts';

/** How long an agent that went away is still known. */
const rememberedMs = 3_600_000;
/** How long after it was seen last an agent may be on its way to another replica: as long as one that died counts as alive, and some more. */
const betweenMs = 20_000;

interface Beside {
  /** The id of this replica. */
  replica: string;
  config: Pick<Config, 'busUrl' | 'publicUrl'>;
  storage: Pick<Storage, 'stores' | 'isShared' | 'openBell'>;
  hub: Hub;
  handlers: AgentHandlers;
  waker: Waker;
  inForce: PoliciesInForce;
  pausesChanged(): Promise<void>;
  /** Ends what runs with a key, a grant or a person; every name there is when none is given. */
  revoked(name: string): void;
  gaveUp(request: string): void;
  clock: Clock;
  log: Log;
}

/** The agents of all replicas, and this one's place among them. */
export interface Agents extends Replicas {
  /** Connected now. Those that `among` leaves out may be there as well. */
  connected(org: string, among?: Among): Promise<AgentRecord[]>;
  /** Connected, or seen within the last hour. */
  known(org: string): Promise<AgentRecord[]>;
  /**
   * Not connected now and probably back in a moment, because their replica is going down, or this one has only just come up. Those that
   * `among` leaves out may be there as well.
   */
  between(org: string, among?: Among): Promise<AgentRecord[]>;
  /** Connected to this replica. */
  here(org: string): AgentRecord[];
  /** What an operator does to this replica, done to all. */
  everywhere: { policies: PoliciesInForce; pausesChanged(): Promise<void> };
}

/** Joins the other replicas: what they tell has the same effect here as if it had happened here. */
export async function joinOthers(beside: Beside): Promise<Agents> {
  const { replica, config, storage, hub, handlers, waker, inForce, pausesChanged, revoked, gaveUp, clock, log } = beside;
  const { stores, isShared, openBell } = storage;
  const tried = (what: Promise<unknown>) => {
    what.catch((problem: unknown) => log.warn({ err: problem }, 'what another replica told could not be done'));
  };
  const missed = () => {
    waker.wakeHere();
    tried(pausesChanged());
    tried(inForce.look());
  };
  const agree = createAgreement({ replica, agents: stores.agents, hub, handlers, clock });
  const replicas = await connectReplicas({
    self: { id: replica, host: hostname(), version, startedAt: clock.now(), ...settingsTold(config.busUrl, config.publicUrl) },
    policyHash: () => inForce.status().hash,
    ...{ store: stores.replicas, agents: stores.agents, actions: stores.actions, hub, isShared, openBell, clock, log },
    scrub(org, agentId, located) {
      const agent = hub.find(org, agentId);
      const redaction = inForce.now().redaction.for(agent && { pool: agent.pool, service: agent.hello.service });
      return { ...located, places: located.places.map((place) => scrubLocatedPlace(place, redaction)) };
    },
    told: {
      woke: ({ action }) => waker.wakeHere(action),
      moved({ org, agent: id, epoch }) {
        const agent = hub.find(org, id);
        if (agent !== undefined && handlers.hasMoved(agent, epoch)) hub.letGo(agent);
      },
      revoked: ({ name }) => revoked(name),
      pauses: () => tried(pausesChanged()),
      policies: () => tried(inForce.look()),
      'gave-up': ({ request }) => gaveUp(request),
    },
    missed,
    renewed(wasLost, known) {
      // Who had this replica for dead told it nothing.
      if (wasLost) missed();
      if (wasLost || known !== hub.everyone().length) tried(agree());
    },
  });
  const upAt = clock.monotonic();
  const here = (org: string) => hub.agents(org).map((agent) => toRecord(agent, true));
  return {
    ...replicas,
    here,
    everywhere: {
      policies: {
        ...inForce,
        async reload(trigger) {
          const reloaded = await inForce.reload(trigger);
          replicas.post.sendAll({ note: 'policies' });
          return reloaded;
        },
      },
      async pausesChanged() {
        replicas.post.sendAll({ note: 'pauses' });
        await pausesChanged();
      },
    },
    connected: async (org, among) => [...here(org), ...(await replicas.elsewhere(org, among))],
    between(org, among) {
      // Where this one died without a word, nobody wrote down until when its agents were there.
      const isNew = clock.monotonic() - upAt < betweenMs;
      return stores.agents.between(org, clock.now() - (isNew ? rememberedMs : betweenMs), among);
    },
    async known(org) {
      const seenHere = new Map(hub.agents(org).map((agent) => [agent.id, agent.lastSeenAt]));
      const known = await stores.agents.list(org, clock.now() - rememberedMs);
      return known.map((agent) => {
        const seenAt = seenHere.get(agent.id);
        return seenAt === undefined ? agent : { ...agent, connected: true, lastSeenAt: seenAt };
      });
    },
  };
}
