import { type Hub, type Instructions, notConnected } from '../hub/hub.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import { Refusal, type RefusalDetails } from '../lib/refusal.ts';
import type { Located } from '../protocol/frames.ts';
import type { AgentStore } from '../targets/agent.ts';
import type { Asking, Asks, Done } from './asks.ts';
import type { ReplicaStore } from './replica-store.ts';

/** An agent has 5 s to answer its own bridge; the way there and back comes on top. */
const answerMs = 6_000;
/** An agent that has left its replica is on its way to another one: what is asked of it waits so long for it, looking so often. */
const arriveMs = 3_000;
const lookMs = 200;
/** Agents whose replica is remembered; one that has moved since is looked for again. */
const maxKnown = 20_000;

interface Far {
  /** The id of this replica. */
  self: string;
  hub: Hub;
  agents: Pick<AgentStore, 'whereIs'>;
  questions: Pick<ReplicaStore, 'ask' | 'take'>;
  asks: Asks;
  /** Whether this is the only replica. */
  isAlone(): boolean;
  clock: Clock;
}

/** The way to every agent: to those that are connected here by the hub, to others through the replica that has them. */
export interface FarAgents extends Instructions {
  /** Remembers where an agent was found. */
  found(org: string, agentId: string, replica: string): void;
}

/** What was asked and how it went: in the table of questions, because a note has no room for it. */
export type LocateAnswer = { located: Located } | { refusal: RefusalDetails };

/** How one thing is asked of an agent, wherever it is. */
interface Way<T> {
  org: string;
  agentId: string;
  /** How long an agent is waited for that is connected nowhere. */
  patienceMs: number;
  here(): Promise<T>;
  /** Through the replica that has it. `send` is `away` when the agent is not there any more. */
  there(send: (asking: Asking) => Promise<Done>): Promise<T | undefined>;
}

/** Nothing is known of any agent yet. */
export function createFarAgents({ self, hub, agents, questions, asks, isAlone, clock }: Far): FarAgents {
  const known = new Map<string, string>();
  const keyOf = (org: string, agentId: string) => `${org} ${agentId}`;

  function found(org: string, agentId: string, replica: string): void {
    known.delete(keyOf(org, agentId));
    known.set(keyOf(org, agentId), replica);
    if (known.size > maxKnown) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
  }

  async function lookFor(org: string, agentId: string): Promise<string | undefined> {
    const replica = await agents.whereIs(org, agentId);
    if (replica === undefined || replica === self) return undefined;
    found(org, agentId, replica);
    return replica;
  }

  /** Asks where the agent was last, and then where it has gone: a replica can die, and an agent move, while it is asked. */
  async function reach<T>({ org, agentId, patienceMs, here, there }: Way<T>): Promise<T | undefined> {
    const from = clock.monotonic();
    for (;;) {
      const isHere = () => hub.find(org, agentId) !== undefined || isAlone();
      if (isHere()) {
        const told = await here().then(
          (answer) => ({ answer }),
          (problem: unknown) => ({ problem }),
        );
        if ('answer' in told) return told.answer;
        // It left while it was asked, for another replica perhaps.
        if (isHere()) throw told.problem;
      }
      const replica = known.get(keyOf(org, agentId)) ?? (await lookFor(org, agentId));
      if (replica !== undefined) {
        let isAway = false;
        const hasLeft = async () => (await agents.whereIs(org, agentId)) !== replica;
        const told = await there(async (asking) => {
          const done = await asks.ask(replica, asking, from + answerMs - clock.monotonic(), hasLeft);
          isAway = done.away === true;
          return done;
        });
        if (!isAway) return told;
        known.delete(keyOf(org, agentId));
      }
      if (clock.monotonic() - from >= patienceMs) throw notConnected(agentId);
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
    }
  }

  const asking = (org: string, agent: string) => ({ ask: newId('ask'), from: self, org, agent });

  return {
    found,
    arm: (org, agentId, action) =>
      reach<unknown>({
        ...{ org, agentId, patienceMs: arriveMs },
        here: () => hub.arm(org, agentId, action),
        async there(send) {
          const { refused } = await send({
            ...asking(org, agentId),
            ...{ note: 'arm', action: action.id, hits: action.limits.hits },
          });
          if (refused !== undefined) throw refusalOf(refused, agentId);
        },
      }),
    async remove(org, agentId, action, reason) {
      // Best effort: the replica of the agent looks for what was left behind, and the agent drops it by its own clock.
      await reach({
        ...{ org, agentId, patienceMs: 0 },
        here: () => hub.remove(org, agentId, action, reason),
        there: async (send) => void (await send({ ...asking(org, agentId), note: 'remove', action, reason })),
      }).catch(() => undefined);
    },
    async locate(org, agentId, query) {
      const located = await reach<Located>({
        ...{ org, agentId, patienceMs: arriveMs },
        here: () => hub.locate(org, agentId, query),
        async there(send) {
          const note = { ...asking(org, agentId), note: 'locate' as const };
          await questions.ask(note.ask, JSON.stringify(query));
          const { refused, away } = await send(note);
          const answer = refused === undefined && away !== true ? await questions.take(note.ask) : undefined;
          if (away === true) return undefined;
          if (answer === undefined) throw refusalOf(refused, agentId);
          const told = JSON.parse(answer) as LocateAnswer;
          if ('refusal' in told) throw new Refusal(told.refusal);
          return told.located;
        },
      });
      if (located === undefined) throw notConnected(agentId);
      return located;
    },
  };
}

function refusalOf(code: string | undefined, agentId: string): Refusal {
  if (code === 'too_busy')
    return new Refusal({
      code,
      message: `Agent ${agentId} has as many questions waiting as it may.`,
      next: 'Try again in a few seconds.',
    });
  return new Refusal({
    code: 'upstream_error',
    message: `Agent ${agentId} did not answer in time, or went away.`,
    next: 'Call list_sources to see whether it is still connected; its program may be busy or stopped.',
  });
}
