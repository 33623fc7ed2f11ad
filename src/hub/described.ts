import type { Hello } from '../protocol/frames.ts';
import type { ConnectedAgent, Enrolment } from './handlers.ts';

/** The agent of one connection, whose `lastSeenAt` goes on with its frames. */
export type DescribedAgent = { -readonly [Field in keyof ConnectedAgent]: ConnectedAgent[Field] };

/** The agent that said this hello just now. */
export function describeAgent(
  hello: Hello,
  { org, pool, firstKeyId }: Enrolment,
  clockAheadMs: number,
  now: number,
): DescribedAgent {
  // Plain fields: there are thousands of these, and one with a getter takes a kilobyte more.
  return { id: hello.agent.id, org, pool, enrolmentKeyId: firstKeyId, hello, connectedAt: now, clockAheadMs, lastSeenAt: now };
}
