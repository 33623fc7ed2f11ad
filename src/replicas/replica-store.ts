/** One bridge of several on a database. */
export interface Replica {
  /** New at every start. */
  id: string;
  host: string;
  version: string;
  /** Milliseconds since the epoch, by its own clock. */
  startedAt: number;
  /** Of the policies it decides by. */
  policyHash: string;
  /** Of where replicas tell each other what is new; undefined of a version that does not say it. */
  busHash?: string | undefined;
  /** Of the URL that people reach it by; undefined of a version that does not say it. */
  publicUrlHash?: string | undefined;
}

/** What replicas ask of storage. */
export interface ReplicaStore {
  /**
   * Makes it alive for so long, by the clock of the database; answers that clock, the others that are alive, and how many agents are
   * written down as connected to it.
   */
  renew(self: Replica, leaseMs: number): Promise<{ now: number; agents: number; others: Replica[] }>;
  /** Not alive any more. */
  leave(id: string): Promise<void>;
  /** Writes down that the agents of replicas that have been gone for so long are not connected; forgets those that are gone for an hour. */
  bury(goneMs: number): Promise<void>;
  /** Keeps a question for another replica under this id. */
  ask(id: string, question: string): Promise<void>;
  /** Undefined when it is gone, or answered. */
  questionOf(id: string): Promise<string | undefined>;
  answer(id: string, answer: string): Promise<void>;
  /** Takes the answer, with the question; undefined when there is none yet. */
  take(id: string): Promise<string | undefined>;
}
