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

/** What targets and hub ask of storage. */
export interface AgentStore {
  upsert(agent: AgentRecord): Promise<void>;
  seen(org: string, id: string, now: number, connected: boolean): Promise<void>;
  find(org: string, id: string): Promise<AgentRecord | undefined>;
  /** All that are connected, and those that were seen since; newest first. */
  list(org: string, seenSince: number): Promise<AgentRecord[]>;
  /** At start: nobody is connected yet. */
  disconnectAll(): Promise<void>;
}
