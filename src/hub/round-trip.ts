import Bottleneck from 'bottleneck';
import { Refusal } from '../lib/refusal.ts';
import type { Action, Remove, StateFrame } from '../protocol/frames.ts';
import type { Session } from './session.ts';
import type { HubSettings } from './settings.ts';
import { TookTooLong, within } from './within.ts';

/** A limiter that nobody used this long is forgotten (about 6 kB each, at most one for each connected agent). */
const idleLimiterMs = 60_000;

/** Questions to agents that want an answer. */
export interface RoundTrips {
  arm(session: Session, agentId: string, action: Action): Promise<StateFrame>;
  remove(session: Session, actionId: string, reason: Remove['reason']): Promise<void>;
}

/** A few questions to one agent at a time, a few behind them, and one deadline for waiting and answer together. */
export function createRoundTrips(settings: HubSettings): RoundTrips {
  /**
   * Bottleneck costs about 5 ms a job (timers), which is many times the round trip itself, so half of the places are given
   * away without it; who finds them taken goes through the limiter, which has the other half. It is local on purpose: a
   * shared one does not survive a restart of its store.
   */
  const direct = Math.ceil(settings.armConcurrency / 2);
  const limiters = new Bottleneck.Group({
    maxConcurrent: Math.max(1, settings.armConcurrency - direct),
    highWater: settings.armQueue,
    strategy: Bottleneck.strategy.OVERFLOW,
    timeout: idleLimiterMs,
  });

  return {
    async arm(session, agentId, action) {
      const load = session.questions;
      // The limiter takes jobs in one after the other, a few milliseconds each, before it looks at `highWater`: a burst would
      // wait there unbounded. So the ceiling is kept here, and a refusal comes at once.
      if (load.all >= settings.armConcurrency + settings.armQueue) throw tooBusy(agentId, load.all);
      let givenUp = false;
      const ask = async (): Promise<StateFrame> => {
        if (givenUp) throw new TookTooLong('The turn of this question', settings.answerMs);
        const answer = session.conversation.answers.next(action.id, (frame) => frame.rev === action.rev);
        session.arm(action);
        return forgetting(answer, settings.answerMs);
      };
      const isDirect = load.direct < direct;
      load.all += 1;
      if (isDirect) load.direct += 1;
      try {
        if (isDirect) return await ask();
        // The prefix keeps ids such as `__proto__` out of the plain object in which the group keeps its limiters.
        return await within(settings.answerMs, 'The agent', limiters.key(`agent ${agentId}`).schedule(ask));
      } catch (error) {
        givenUp = true;
        throw explain(error, agentId, load.all, settings);
      } finally {
        load.all -= 1;
        if (isDirect) load.direct -= 1;
      }
    },
    async remove(session, actionId, reason) {
      const answer = session.conversation.answers.next(actionId, (frame) => frame.state !== 'pending' && frame.state !== 'armed');
      session.tell({ t: 'remove', id: actionId, reason });
      // Best effort: an agent that does not answer drops the action by its own clock.
      await forgetting(answer, settings.answerMs).catch(() => undefined);
    },
  };
}

async function forgetting(answer: { frame: Promise<StateFrame>; forget(): void }, ms: number): Promise<StateFrame> {
  try {
    return await within(ms, 'The agent', answer.frame);
  } finally {
    answer.forget();
  }
}

function tooBusy(agentId: string, waiting: number): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `Agent ${agentId} has ${waiting} questions waiting already.`,
    next: 'Try again in a few seconds.',
  });
}

function explain(error: unknown, agentId: string, waiting: number, settings: HubSettings): unknown {
  if (error instanceof Bottleneck.BottleneckError) return tooBusy(agentId, waiting);
  if (error instanceof TookTooLong) {
    return new Refusal({
      code: 'upstream_error',
      message: `Agent ${agentId} did not answer within ${settings.answerMs} ms.`,
      next: 'Call list_sources to see whether it is still connected; its program may be busy or stopped.',
    });
  }
  return error;
}
