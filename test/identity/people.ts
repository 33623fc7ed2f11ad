import type { PeopleStore, Person } from '../../src/identity/people.ts';

/** Somebody who signed in, as storage keeps people. */
export function person(subject: string, changes: Partial<Person> = {}): Person {
  return {
    ...{ org: 'acme', subject: `user:${subject}`, issuer: 'https://id.example.com', upstreamSubject: subject, name: subject },
    ...{ role: 'developer', groups: ['everyone'], firstSeenAt: 1, signedInAt: 1, checkedAt: 1 },
    ...changes,
  };
}

/** Stores somebody as they are now, whoever was there before. */
export async function keep(people: PeopleStore, now: Person): Promise<void> {
  if (!(await people.save(now, await people.find(now.org, now.subject)))) throw new Error(`${now.subject} changed meanwhile.`);
}
