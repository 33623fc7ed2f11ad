import type { Hello } from '../protocol/frames.ts';

/** An agent the bridge knows: what it said of itself, and what its enrolment key binds it to. */
export interface AgentRecord {
  id: string;
  org: string;
  pool: string;
  name: string;
  service: string;
  version?: string;
  commit?: string;
  environment?: string;
  runtime: Hello['runtime'];
  host: string;
  pid: number;
  pod?: string;
  container?: string;
  tags: string[];
  mode: Hello['agent']['mode'];
  agentVersion: string;
  capabilities: Hello['capabilities'];
  startedAt: number;
  connected: boolean;
  lastSeenAt: number;
  /** The first of its enrolment key's rotations. */
  enrolmentKeyId: string;
  /** The key that its process made for itself, where it has one. */
  publicKey?: string;
}

/** One connection of an agent: to which replica, and which of its connections over time. */
export interface Connection {
  replica: string;
  /** Counts the connections of this agent, to any replica. */
  epoch: number;
}

/** Which agents are asked for; every part that is given must fit. */
export interface Among {
  service?: string | undefined;
  agentIds?: string[] | undefined;
}

/** What targets and hub ask of storage. An agent is connected while its replica is alive. */
export interface AgentStore {
  /** It is connected to this replica from now on, under the epoch that is answered; `from` is where it was connected before. */
  connected(agent: AgentRecord, replica: string): Promise<{ epoch: number; from?: string }>;
  /** The connection is over; nothing changes where a newer one has begun. One that `saidBye` is not awaited. */
  disconnected(org: string, id: string, connection: Connection, now: number, saidBye?: boolean): Promise<void>;
  /** Says again that the connection stands; `moved` where a newer one has begun, `unknown` where nothing is written down of it. */
  stands(org: string, id: string, connection: Connection): Promise<'stands' | 'moved' | 'unknown'>;
  /** Those that are written down as connected to this replica, alive or not. */
  connectedTo(replica: string): Promise<{ org: string; id: string; epoch: number }[]>;
  find(org: string, id: string): Promise<AgentRecord | undefined>;
  /** All that are connected, and the 2,000 seen last of those that were seen since; newest first. */
  list(org: string, seenSince: number): Promise<AgentRecord[]>;
  /** Those that were connected since, are not any more and did not say goodbye: most of them are on their way to another replica. */
  between(org: string, seenSince: number, among?: Among): Promise<AgentRecord[]>;
  /** Those that are connected to other replicas than this one, with the replica; of one service, or some of them, where that is all that is asked. */
  elsewhere(org: string, replica: string, among?: Among): Promise<{ agent: AgentRecord; replica: string }[]>;
  /** The replica it is connected to. */
  whereIs(org: string, id: string): Promise<string | undefined>;
}
