import type { Lines, Place } from '../lib/lines.ts';
import { within } from './within.ts';

/** The frames of one connection, in line with those of other agents for what stores them. */
export interface FrameLine {
  /** Does this in the agent's turn. Rejects when the wait and the work together take longer than `ms`. */
  during<T>(agentId: string, ms: number, what: string, work: () => Promise<T>): Promise<T>;
  /** Nothing more waits on this connection: its next frame goes before those of agents that have some under way. */
  rest(): void;
}

/** Lines of one connection by what its frames are. */
export interface FrameLines {
  states: FrameLine;
  hits: FrameLine;
  redaction: FrameLine;
  rest(): void;
}

/** Those of one connection, in the lines of all. */
export function createFrameLines(of: Record<'states' | 'hits' | 'redaction', Lines>): FrameLines {
  const [states, hits, redaction] = [createFrameLine(of.states), createFrameLine(of.hits), createFrameLine(of.redaction)];
  const rest = () => {
    for (const line of [states, hits, redaction]) line.rest();
  };
  return { states, hits, redaction, rest };
}

/** The work must not wait for another agent: that one's frames may stand in the same line. */
function createFrameLine(lines: Lines): FrameLine {
  /** Counts as the agent's own until its next frame stands in line, or it has none. */
  let before: Place | undefined;
  return {
    async during<T>(agentId: string, ms: number, what: string, work: () => Promise<T>): Promise<T> {
      const late = new AbortController();
      const taking = lines.take(agentId, late.signal);
      before?.leaveOwn();
      let place: Place | undefined;
      const inTurn = async () => {
        place = await taking;
        before = place;
        // It may have been on its way when the time was up.
        if (late.signal.aborted) place.end();
        return late.signal.aborted ? (undefined as never) : work();
      };
      try {
        return await within(ms, what, inTurn());
      } catch (problem) {
        late.abort();
        throw problem;
      } finally {
        // Work that takes too long goes on without it: what is stuck must not keep everybody else.
        place?.leaveAll();
      }
    },
    rest() {
      before?.leaveOwn();
      before = undefined;
    },
  };
}
