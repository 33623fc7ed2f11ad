import type { LocatedPlace, Place } from '../protocol/frames.ts';
import { listedText } from './allow-list.ts';
import { cleanLabel, inertWords } from './clean.ts';
import type { RedactionPolicy } from './policy.ts';
import { scrubPlace } from './scrub.ts';
import { Session } from './session.ts';
import { scrubText } from './walk.ts';

/** Words of an agent (a message, an error of a condition) as one short plain line without secrets and personal data. */
export function scrubWords(text: string, policy: RedactionPolicy, maxChars: number): string {
  return cleanLabel(scrubText(new Session(policy, undefined), text), maxChars);
}

/** As `scrubWords`, of an error that the program threw, which may quote any value. */
export function scrubThrown(text: string, policy: RedactionPolicy, maxChars: number): string {
  const session = new Session(policy, undefined);
  return cleanLabel(scrubText(session, listedText(session, text)), maxChars);
}

/** Where an agent says that it bound an action, with the secrets in its line of source text hidden. */
export function scrubReportedPlace(place: Place, policy: RedactionPolicy): Place {
  return scrubPlace(new Session(policy, undefined), place);
}

/** A place that an agent found, with the secrets in its lines hidden. */
export function scrubLocatedPlace(place: LocatedPlace, policy: RedactionPolicy): LocatedPlace {
  const session = new Session(policy, undefined);
  const lines = (texts: string[]) => texts.map((text) => scrubText(session, text));
  return { ...place, ...scrubPlace(session, place), before: lines(place.before), after: lines(place.after) };
}

/** Characters of a caller's or an agent's words inside a sentence of ours. */
const maxQuotedChars = 200;

/** Words of a caller or an agent in a sentence of ours, as one quoted line. */
export function quoted(words: string): string {
  return inertWords(JSON.stringify(cleanLabel(words, maxQuotedChars)));
}

/** The end of a text in which nothing is hidden any more: of a path it tells more than the beginning. */
export function endOf(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `…${text.slice(1 - maxChars).replace(/^[\udc00-\udfff]/, '')}`;
}
