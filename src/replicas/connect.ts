import type { ActionStore } from '../actions/action.ts';
import type { Hub, Instructions } from '../hub/hub.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Located } from '../protocol/frames.ts';
import type { AgentRecord, AgentStore, Among } from '../targets/agent.ts';
import { answer } from './answer.ts';
import { createAnswering, createAsks } from './asks.ts';
import type { Bell, Ear } from './bell.ts';
import { createFarAgents } from './far-agents.ts';
import { join, joinAlone, type Membership } from './membership.ts';
import { createEar, createPost, type Post, type Readers } from './post.ts';
import type { Replica, ReplicaStore } from './replica-store.ts';

/** What the others tell of that is not about questions: what this replica does then. */
export type Told = Pick<Readers, 'woke' | 'moved' | 'revoked' | 'pauses' | 'policies' | 'gave-up'>;

interface Connecting {
  self: Omit<Replica, 'policyHash'>;
  policyHash(): string;
  store: ReplicaStore;
  agents: AgentStore;
  actions: Pick<ActionStore, 'get'>;
  hub: Hub;
  /** Whether others may be on the same data. */
  isShared: boolean;
  openBell(replica: string, ear: Ear): Promise<Bell>;
  scrub(org: string, agentId: string, located: Located): Located;
  told: Told;
  /** Notes may have been lost: everything they tell of is looked at again. */
  missed(): void;
  /** After each renewal of the lease: whether others may have taken this replica for dead, and how many agents it has by the table. */
  renewed(wasLost: boolean, agents: number): void;
  clock: Clock;
  log: Log;
}

/** This replica among the others. */
export interface Replicas {
  post: Post;
  membership: Membership;
  /** The way to agents, whichever replica they are connected to. */
  instructions: Instructions;
  /** Agents of other replicas. */
  elsewhere(org: string, among?: Among): Promise<AgentRecord[]>;
  /** Not reachable for the others any more; its lease ends. */
  leave(): Promise<void>;
}

/** Makes this replica known to the others and listens to them. */
export async function connectReplicas(connecting: Connecting): Promise<Replicas> {
  const { self, policyHash, store, agents, actions, hub, isShared, scrub, told, missed, renewed, clock, log } = connecting;
  const opened: { bell?: Bell; membership?: Membership } = {};
  const post = createPost(
    self.id,
    () => opened.membership?.others() ?? [],
    () => opened.bell ?? { ring: () => undefined, close: async () => undefined },
  );
  const asks = createAsks(clock, (replica, note) => post.send([replica], note));
  const answering = createAnswering(
    (asking) => answer({ hub, actions, questions: store, scrub, clock, log }, asking),
    (replica, note) => post.send([replica], note),
  );
  const ear = createEar(
    {
      ...told,
      arm: answering,
      remove: answering,
      locate: answering,
      done: (done) => asks.heard(done),
      joined: ({ replica }) => opened.membership?.met(replica),
    },
    missed,
  );
  opened.bell = await connecting.openBell(self.id, ear);
  const membership = isShared
    ? await join({ store, self, policyHash, clock, log, renewed })
    : await joinAlone(store, { ...self, policyHash: policyHash() });
  opened.membership = membership;
  post.sendAll({ note: 'joined', replica: self.id });
  const isAlone = () => membership.others().length === 0;
  const instructions = createFarAgents({ self: self.id, hub, agents, questions: store, asks, isAlone, clock });
  return {
    post,
    membership,
    instructions,
    async elsewhere(org, among) {
      if (isAlone()) return [];
      const found = await agents.elsewhere(org, self.id, among);
      for (const { agent, replica } of found) instructions.found(org, agent.id, replica);
      return found.map(({ agent }) => agent);
    },
    async leave() {
      await membership.leave().catch((problem: unknown) => log.warn({ err: problem }, 'the lease was not given back'));
      await opened.bell?.close();
    },
  };
}
