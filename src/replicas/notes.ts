import { z } from 'zod';

const id = z.string().min(1).max(200);
const ask = { ask: id, from: id };
const onAgent = { org: id, agent: id };

/** What replicas tell each other: ids only, so that a note is small and nothing captured is ever in one. */
const note = z.discriminatedUnion('note', [
  /** Something became of an action that somebody waits for there. */
  z.object({ note: z.literal('woke'), action: id }),
  /** Arm an action on an agent that is connected there, with no more than so many hits. */
  z.object({ note: z.literal('arm'), ...ask, ...onAgent, action: id, hits: z.number() }),
  z.object({
    note: z.literal('remove'),
    ...ask,
    ...onAgent,
    action: id,
    reason: z.enum(['cancelled', 'expired', 'limit', 'policy']),
  }),
  /** A question to an agent, which is in the table of questions under `ask`. */
  z.object({ note: z.literal('locate'), ...ask, ...onAgent }),
  /** What was asked is done, or was refused with this code; `away` when the agent is not connected there. */
  z.object({ note: z.literal('done'), ask: id, refused: id.optional(), away: z.boolean().optional() }),
  /** An agent said hello here; a connection of it with an older epoch is over. */
  z.object({ note: z.literal('moved'), ...onAgent, epoch: z.number() }),
  /** A key, a grant or a person was revoked. */
  z.object({ note: z.literal('revoked'), name: id }),
  z.object({ note: z.literal('pauses') }),
  z.object({ note: z.literal('policies') }),
  /** The caller of a request gave it up. */
  z.object({ note: z.literal('gave-up'), request: id }),
  z.object({ note: z.literal('joined'), replica: id }),
]);

export type Note = z.output<typeof note>;

/** A note that a newer replica wrote may be unknown here; it is nothing then. */
export function readNote(text: string): Note | undefined {
  try {
    return note.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
