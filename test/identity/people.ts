import type { Person } from '../../src/identity/people.ts';

/** Somebody who signed in, as storage keeps people. */
export function person(subject: string, changes: Partial<Person> = {}): Person {
  return {
    ...{ org: 'acme', subject: `user:${subject}`, issuer: 'https://id.example.com', upstreamSubject: subject, name: subject },
    ...{ role: 'developer', groups: ['everyone'], firstSeenAt: 1, signedInAt: 1, checkedAt: 1 },
    ...changes,
  };
}
