import { verifierOf } from '../agent/link/ed25519.ts';
import { matchesGlob } from '../lib/glob.ts';
import type { Hello } from '../protocol/frames.ts';
import { contexts, openSeal } from '../protocol/seal.ts';
import type { Enrolment, Objection } from './handlers.ts';
import type { Registry } from './registry.ts';

/** Why an agent that says this hello may not come in with this enrolment key; undefined when it may. */
export function objectionTo(hello: Hello, enrolment: Enrolment, registry: Registry): Objection | undefined {
  if (!matchesGlob(enrolment.servicePattern, hello.service)) {
    const sentence = `This enrolment key is for services that match ${enrolment.servicePattern}, not for ${hello.service}.`;
    return { reason: 'auth', sentence };
  }
  if (registry.belongsToOther(hello.agent.id, enrolment)) return ofOtherEnrolment;
  return objectionToKey(hello, registry.publicKeyOf(hello.agent.id));
}

/** The id came with an enrolment key that is no rotation of this one. */
export const ofOtherEnrolment: Objection = {
  reason: 'auth',
  sentence: 'An agent with this id came with another enrolment key.',
};

/** An id goes on being the agent's that came with it first and has a key: knowing the enrolment key is not enough to take it over. */
export function objectionToKey({ identity }: Hello, known: string | undefined): Objection | undefined {
  if (known === undefined || known === identity?.key) return undefined;
  return {
    reason: 'duplicate',
    sentence: 'An agent with this id has another key of its own: two processes cannot be one agent.',
  };
}

/** Whether whoever says this hello owns the key in it, now: a hello of another connection answers another challenge. */
export function objectionToProof({ identity }: Hello, text: string, challenge: string): Objection | undefined {
  if (identity === undefined) return undefined;
  const opened = openSeal(text);
  if (opened !== undefined && verifierOf(identity.key)(contexts.hello(challenge) + opened.body, opened.sig)) return undefined;
  return { reason: 'proof', sentence: 'The hello is not signed with its key, or answers the challenge of another connection.' };
}
