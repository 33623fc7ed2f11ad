import type { Log } from '../lib/log.ts';
import type { Action, AgentBeat, AgentError, AgentFrame, HitFrame, StateFrame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { RawCapture } from '../redaction/capture.ts';
import type { Acks } from './acks.ts';
import { Answers } from './answers.ts';
import { Asked } from './asked.ts';
import type { FrameLines } from './frame-line.ts';
import type { ConnectedAgent, HubHandlers } from './handlers.ts';
import { createLocates, type Locates } from './locates.ts';
import type { HubSettings } from './settings.ts';

/** How far the numbered frames of an agent were taken in; outlives a connection. */
export interface Progress {
  /** All frames up to this one were stored or refused for good. */
  ackedN: number;
  /** The newest state that was taken in. */
  stateN: number;
  /** Hits that the agent has left out since its start, as it said last; absent until it did. */
  leftOut?: number;
}

/** What is said after the welcome: what was asked, what is taken from the agent, and what is acknowledged. */
export interface Conversation {
  readonly answers: Answers;
  readonly locates: Locates;
  readonly progress: Progress;
  asks(action: Action): void;
  /** Whether the agent was asked for this action on this connection. */
  hasAsked(actionId: string): boolean;
  /** Goes on where an earlier connection stopped. */
  resume(progress: Progress): void;
  /** Rejects when a handler fails: then the frame is not stored, and nothing after it may be acknowledged. */
  hear(agent: ConnectedAgent, frame: Exclude<AgentFrame, { t: 'hello' | 'bye' }>): Promise<void>;
  /** A numbered frame is done with: it was refused, which is as final as stored. */
  refused(n: number): void;
}

/** What one beat may add: it is the agent's word alone. */
const maxLeftOut = 1_000_000;

/** `refuse` answers a frame that goes beyond what was asked; `leftOut` hears of hits that the agent had no room for. */
export function createConversation(
  handlers: HubHandlers,
  settings: HubSettings,
  log: Log,
  acks: Acks,
  lines: FrameLines,
  refuse: (message: string, n: number) => void,
  dropped: (verdict: 'late' | 'unasked') => void = () => {},
  leftOut: (hits: number) => void = () => {},
): Conversation {
  const asked = new Asked();
  const answers = new Answers();
  /** Made when somebody asks: most agents are never asked. */
  let locates: Locates | undefined;
  let errors = 0;
  let unasked = 0;
  const progress: Progress = { ackedN: 0, stateN: 0 };

  function done(n: number): number {
    progress.ackedN = Math.max(progress.ackedN, n);
    return progress.ackedN;
  }

  async function hearState(agent: ConnectedAgent, frame: StateFrame): Promise<void> {
    if (!asked.mayReport(frame)) {
      refuse('state: nobody asked this agent for this action', frame.n);
      return;
    }
    // A state sent again after a reconnect must not overwrite a newer one.
    if (frame.n > progress.stateN) {
      await lines.states.during(agent.id, settings.handlerMs, 'handlers.state', () => handlers.state(agent, frame));
      progress.stateN = frame.n;
      answers.heard(frame);
    }
    acks.soon(done(frame.n));
  }

  async function hearHit(agent: ConnectedAgent, frame: HitFrame): Promise<void> {
    const verdict = asked.judge(frame);
    if (verdict === 'beyond') {
      dropped('unasked');
      refuse('hit.hit: expected at most as many hits as were asked for', frame.n);
      return;
    }
    const isAsked = verdict === 'wanted';
    if (!isAsked) unasked += 1;
    // What an agent took before it was cut off is in its queue; more than that queue holds is made up.
    if (verdict === 'known') {
      acks.now(done(frame.n));
      return;
    }
    if (verdict === 'stale' || (unasked > limits.maxUnackedFrames && !isAsked)) dropped('late');
    else {
      const { id, rev, hit, ts, traceparent } = frame;
      const redacting = <T>(work: () => Promise<T>) => lines.redaction.during(agent.id, settings.handlerMs, 'Redaction', work);
      const received = { id, rev, hit, ts, isAsked, traceparent, redacting, capture: RawCapture.fromAgent(frame.capture) };
      await lines.hits.during(agent.id, settings.handlerMs, 'handlers.hit', () => handlers.hit(agent, received));
      asked.took(frame);
    }
    acks.now(done(frame.n));
  }

  /** An agent that goes on reporting would fill the log. */
  function hearError(agent: ConnectedAgent, frame: AgentError): void {
    errors += 1;
    if (errors <= settings.maxLoggedErrors) handlers.error(agent, frame);
    if (errors === settings.maxLoggedErrors)
      log.warn({ agent: agent.id }, 'more errors of this agent on this connection are not logged');
  }

  /** Of an agent that goes on after another bridge nobody here knows what it had said there. */
  function hearBeat({ hello }: ConnectedAgent, { queue }: AgentBeat): void {
    const before = progress.leftOut ?? (hello.resume === undefined ? 0 : queue.dropped);
    progress.leftOut = queue.dropped;
    if (queue.dropped > before) leftOut(Math.min(maxLeftOut, queue.dropped - before));
  }

  return {
    answers,
    get locates() {
      locates ??= createLocates(settings);
      return locates;
    },
    progress,
    asks: (action) => asked.add(action),
    hasAsked: (actionId) => asked.has(actionId),
    resume: (before) => Object.assign(progress, before),
    async hear(agent, frame) {
      switch (frame.t) {
        case 'state':
          return hearState(agent, frame);
        case 'hit':
          return hearHit(agent, frame);
        case 'error':
          hearError(agent, frame);
          return;
        case 'located':
          locates?.heard(frame);
          return;
        case 'beat':
          hearBeat(agent, frame);
          return;
      }
    },
    refused: (n) => acks.now(done(n)),
  };
}
