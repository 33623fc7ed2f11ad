import type { Lines, Place } from '../lib/lines.ts';
import { within } from './within.ts';

/** The frames of one connection, in line with those of other agents for one thing that all share. */
class FrameLine {
  readonly #lines: Lines;
  /** Counts as the agent's own until its next frame stands in line, or it has none. */
  #before: Place | undefined;

  constructor(lines: Lines) {
    this.#lines = lines;
  }

  /**
   * Does this in the agent's turn. Rejects when the wait and the work together take longer than `ms`. The work must not wait for another
   * agent: that one's frames may stand in the same line.
   */
  async during<T>(agentId: string, ms: number, what: string, work: () => Promise<T>): Promise<T> {
    const late = new AbortController();
    const taking = this.#lines.take(agentId, late.signal);
    this.#before?.leaveOwn();
    let place: Place | undefined;
    const inTurn = async () => {
      place = await taking;
      this.#before = place;
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
  }

  /** Nothing more waits on this connection: its next frame goes before those of agents that have some under way. */
  rest(): void {
    this.#before?.leaveOwn();
    this.#before = undefined;
  }
}

/** What frames stand in line for. */
type Shared = 'states' | 'hits' | 'redaction';

/** The lines of one connection. */
export class FrameLines implements Record<Shared, FrameLine> {
  readonly states: FrameLine;
  readonly hits: FrameLine;
  readonly redaction: FrameLine;

  constructor({ states, hits, redaction }: Record<Shared, Lines>) {
    this.states = new FrameLine(states);
    this.hits = new FrameLine(hits);
    this.redaction = new FrameLine(redaction);
  }

  rest(): void {
    for (const line of [this.states, this.hits, this.redaction]) line.rest();
  }
}
