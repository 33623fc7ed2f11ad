import type { ActionStore } from '../actions/action.ts';
import { toWire } from '../actions/offer.ts';
import type { Hub } from '../hub/hub.ts';
import type { Query } from '../hub/locates.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Located } from '../protocol/frames.ts';
import type { Asking, Done } from './asks.ts';
import type { LocateAnswer } from './far-agents.ts';
import type { ReplicaStore } from './replica-store.ts';

interface Answering {
  hub: Hub;
  actions: Pick<ActionStore, 'get'>;
  questions: Pick<ReplicaStore, 'questionOf' | 'answer'>;
  /** Hides what must not be stored in what an agent of this replica told. */
  scrub(org: string, agentId: string, located: Located): Located;
  clock: Clock;
  log: Log;
}

type Outcome = Omit<Done, 'note' | 'ask'>;

/** Does for another replica what only the one can do that has the agent. Never rejects. */
export async function answer(context: Answering, asking: Asking): Promise<Outcome> {
  const { hub, log } = context;
  if (hub.find(asking.org, asking.agent) === undefined) return { away: true };
  try {
    return await carryOut(context, asking);
  } catch (problem) {
    // It left while it was asked, for another replica perhaps.
    if (hub.find(asking.org, asking.agent) === undefined) return { away: true };
    if (!(problem instanceof Refusal)) log.error({ err: problem, asked: asking.note }, 'another replica asked in vain');
    return { refused: problem instanceof Refusal ? problem.code : 'internal_error' };
  }
}

async function carryOut({ hub, actions, questions, scrub, clock }: Answering, asking: Asking): Promise<Outcome> {
  const { org, agent } = asking;
  if (asking.note === 'remove') {
    await hub.remove(org, agent, asking.action, asking.reason);
    return {};
  }
  if (asking.note === 'arm') {
    const action = await actions.get(org, asking.action);
    // It ended while the note was under way; that has reached, or will reach, whoever asked.
    if (action?.status !== 'pending') return {};
    const wire = toWire(action, clock.now());
    await hub.arm(org, agent, { ...wire, limits: { ...wire.limits, hits: Math.min(wire.limits.hits, asking.hits) } });
    return {};
  }
  const question = await questions.questionOf(asking.ask);
  if (question === undefined) return {};
  const told: LocateAnswer = await hub.locate(org, agent, JSON.parse(question) as Query).then(
    (located) => ({ located: scrub(org, agent, located) }),
    (problem: unknown) => {
      if (problem instanceof Refusal) return { refusal: problem.details };
      throw problem;
    },
  );
  await questions.answer(asking.ask, JSON.stringify(told));
  return {};
}
