import { Refusal } from '../lib/refusal.ts';
import type { PeopleStore, Person } from './people.ts';

/** Each turn somebody else was stored, so that this many mean that many at one moment under one name. */
const maxTurns = 10;

/**
 * Stores what `decide` makes of the person who is known, who stays as they are where it gives them back. It decides again about whoever
 * was stored meanwhile: of two accounts that come with one name at one time, the second meets the first.
 */
export async function savePerson(
  people: Pick<PeopleStore, 'find' | 'save'>,
  { org, subject }: Pick<Person, 'org' | 'subject'>,
  decide: (known: Person | undefined) => Person | Promise<Person>,
): Promise<Person> {
  for (let turn = 0; turn < maxTurns; turn += 1) {
    const known = await people.find(org, subject);
    const person = await decide(known);
    if (person === known || (await people.save(person, known))) return person;
  }
  throw new Refusal({
    code: 'unavailable',
    message: `Many sign-ins of ${subject} came at one moment, and this one could not be stored.`,
    next: 'Try again.',
  });
}
