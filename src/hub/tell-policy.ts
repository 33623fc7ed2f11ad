import type { AgentPolicy, PolicyFrame } from '../protocol/frames.ts';

interface Told<Agent> {
  agent: Agent;
  tell(frame: PolicyFrame): void;
}

/** A frame is some 30 µs, and 60 with a signature, for an agent of before codes; after so many the rest of the bridge gets its turn. */
const framesPerTurn = 100;

/** Sends the policy to each of these agents. It is read anew for each of them: nobody may be told an older one behind a newer one. */
export async function tellPolicy<Agent>(
  sessions: readonly Told<Agent>[],
  policyNow: (agent: Agent) => AgentPolicy,
): Promise<void> {
  for (let at = 0; at < sessions.length; at += framesPerTurn) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const { agent, tell } of sessions.slice(at, at + framesPerTurn)) tell({ t: 'policy', policy: policyNow(agent) });
  }
}
