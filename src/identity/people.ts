import type { Role } from './principal.ts';

/** Somebody who signed in at the provider, as of the last time the provider said so. */
export interface Person {
  org: string;
  /** `user:` and a name that is stable at the provider; unique within the organisation. */
  subject: string;
  /** The provider that vouches for this person, and the name it has there. */
  issuer: string;
  upstreamSubject: string;
  name: string;
  email?: string;
  role: Role;
  groups: string[];
  /** Milliseconds since the epoch, as all instants. */
  firstSeenAt: number;
  signedInAt: number;
  /** When the provider last confirmed role and groups. */
  checkedAt: number;
  /** Set when the provider said that this sign-in is over, or what it says lets nobody in: refused from the next request until a new sign-in. */
  endedAt?: number;
  /** Set by an operator: refused from the next request on, and no sign-in helps. */
  disabledAt?: number;
  /** Until then one bridge asks the provider about this person, and the others wait: a refresh token may be sent once only. */
  askedUntil?: number;
  /** The provider's refresh token, sealed; absent when the provider gave none. */
  sealedRefreshToken?: string;
}

/** What identity asks of storage about people. */
export interface PeopleStore {
  /**
   * Replaces the person who was read, or inserts where nobody was. False, and nothing stored, when somebody else stored meanwhile: what
   * was decided of a person does not hold for another. Never sets or clears `disabledAt`.
   */
  save(person: Person, read: Person | undefined): Promise<boolean>;
  find(org: string, subject: string): Promise<Person | undefined>;
  /** By subject. */
  list(org: string): Promise<Person[]>;
  /** False when there is nobody of that name, or nothing changes. */
  disable(org: string, subject: string, now: number): Promise<boolean>;
  enable(org: string, subject: string): Promise<boolean>;
  /**
   * Frees the name, for whoever signs in with it next. False when there is nobody of that name, or where `disabledAt` is given, nobody who
   * is shut out since that instant.
   */
  forget(org: string, subject: string, disabledAt?: number): Promise<boolean>;
}

/** One name for a person of any organisation, for software that knows no organisations (the authorization server). */
export function accountId({ org, subject }: Pick<Person, 'org' | 'subject'>): string {
  return `${org}/${subject}`;
}

/** The subject of somebody who is named as people are listed, or by the name at the provider alone. */
export function subjectNamed(name: string): string {
  return name.startsWith('user:') ? name : `user:${name}`;
}

/** The parts of an account id; undefined when it is none. Names of organisations have no slash. */
export function readAccountId(id: string): { org: string; subject: string } | undefined {
  const slash = id.indexOf('/');
  return slash <= 0 ? undefined : { org: id.slice(0, slash), subject: id.slice(slash + 1) };
}
