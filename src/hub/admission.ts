import { matchesGlob } from '../lib/glob.ts';
import type { Hello } from '../protocol/frames.ts';
import type { Enrolment } from './handlers.ts';
import type { Registry } from './registry.ts';

/** Why an agent that says this hello may not come in with this key; undefined when it may. */
export function objectionTo(hello: Hello, enrolment: Enrolment, registry: Registry): string | undefined {
  if (!matchesGlob(enrolment.servicePattern, hello.service)) {
    return `This enrolment key is for services that match ${enrolment.servicePattern}, not for ${hello.service}.`;
  }
  if (registry.belongsToOther(hello.agent.id, enrolment)) return 'An agent with this id came with another enrolment key.';
  return undefined;
}
