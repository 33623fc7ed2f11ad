import type { AgentPolicy, PolicyFrame } from '../protocol/frames.ts';

interface Told {
  tell(frame: PolicyFrame): void;
}

/** A frame is some 60 µs, most of it for its signature; after so many the rest of the bridge gets its turn. */
const framesPerTurn = 100;

/** Sends the policy to each of these agents. It is read anew for each turn: nobody may be told an older one behind a newer one. */
export async function tellPolicy(sessions: readonly Told[], policyNow: () => AgentPolicy): Promise<void> {
  for (let at = 0; at < sessions.length; at += framesPerTurn) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    const policy = policyNow();
    for (const session of sessions.slice(at, at + framesPerTurn)) session.tell({ t: 'policy', policy });
  }
}
