import type { Progress } from './conversation.ts';
import type { Enrolment } from './handlers.ts';
import type { Session } from './session.ts';

/** What is kept of an agent after it left. */
export interface Memory {
  firstKeyId: string;
  org: string;
  /** Its own key, where it has shown one. */
  publicKey: string | undefined;
  session: string;
  progress: Progress;
}

/** Who is connected to this replica, and who was. */
export interface Registry {
  /** Connections from the upgrade to the end, hello or not. */
  readonly open: Set<Session>;
  /** A number for a connection that is being opened, higher than those before. */
  nextTurn(): number;
  /** Bytes of the hellos of those that are connected. */
  helloBytes: number;
  /** Agents that said hello, by id. */
  readonly byId: Map<string, Session>;
  remembered(id: string): Memory | undefined;
  remember(id: string, memory: Memory): void;
  /** Whether this agent id belongs to another enrolment key, rotations aside. Ids are random, so an honest agent never meets this. */
  belongsToOther(id: string, enrolment: Enrolment): boolean;
  /** The key of its own that the agent with this id has shown. */
  publicKeyOf(id: string): string | undefined;
}

/** Empty; remembers at most `maxRemembered` agents, the latest ones. */
export function createRegistry(maxRemembered: number): Registry {
  const byId = new Map<string, Session>();
  const memories = new Map<string, Memory>();
  let turn = 0;
  return {
    open: new Set(),
    helloBytes: 0,
    nextTurn: () => ++turn,
    byId,
    remembered: (id) => memories.get(id),
    remember(id, memory) {
      memories.delete(id);
      memories.set(id, memory);
      if (memories.size > maxRemembered) {
        const [oldest] = memories.keys();
        if (oldest !== undefined) memories.delete(oldest);
      }
    },
    belongsToOther(id, enrolment) {
      const owner = byId.get(id)?.enrolment ?? memories.get(id);
      return owner !== undefined && (owner.firstKeyId !== enrolment.firstKeyId || owner.org !== enrolment.org);
    },
    publicKeyOf: (id) => byId.get(id)?.agent?.hello.identity?.key ?? memories.get(id)?.publicKey,
  };
}
