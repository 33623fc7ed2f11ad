import type { Place } from '../protocol/frames.ts';
import { cleanLabel } from './clean.ts';
import type { RedactionPolicy } from './policy.ts';
import { scrubPlace } from './scrub.ts';
import { Session } from './session.ts';
import { scrubText } from './walk.ts';

/** Words of an agent (a message, an error of a condition) as one short plain line without secrets and personal data. */
export function scrubWords(text: string, policy: RedactionPolicy, maxChars: number): string {
  return cleanLabel(scrubText(new Session(policy, undefined), text), maxChars);
}

/** Where an agent says that it bound an action, with the secrets in its line of source text hidden. */
export function scrubReportedPlace(place: Place, policy: RedactionPolicy): Place {
  return scrubPlace(new Session(policy, undefined), place);
}
