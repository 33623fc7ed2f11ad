import type { KeyRecord, KeyStore } from './keys.ts';
import type { PeopleStore, Person } from './people.ts';
import { type Role, roles } from './principal.ts';
import type { Standing } from './standing.ts';

/** The owner of keys that came with the first start, or that somebody at the machine made for nobody in particular. */
export const operatorOwner = 'operator';

/** Whether a key belongs to a person, who can lose rights and leave. */
export const isPerson = (owner: string): boolean => owner.startsWith('user:');
/** Whether a key belongs to a service account, which lives as long as its keys. */
export const isService = (owner: string): boolean => owner.startsWith('service:');

/** What the owner of a key makes of it. */
export interface Owners {
  /** The key with what it may do now: never more than its owner may. Undefined when the owner is nobody here. */
  cut(key: KeyRecord): Promise<KeyRecord | undefined>;
  /** The person, unless unknown or without standing: out, of another provider, in a role that does not sign in, unconfirmed too long. */
  person(org: string, owner: string): Promise<Person | undefined>;
}

/** Where nobody signs in: keys of people open nothing. */
export const noOwners: Owners = { person: async () => undefined, cut: async (key) => (isPerson(key.owner) ? undefined : key) };

/**
 * Owners among the people who signed in and have standing. Who is out at the provider takes their keys along, until they sign in again:
 * nobody can tell an account that was closed from one whose sign-in there ran out. Keys that must outlive people belong to a service
 * account. `reachesAll` tells roles that need no groups, because they reach everything.
 */
export function createOwners(people: Pick<PeopleStore, 'find'>, stands: Standing, reachesAll: (role: Role) => boolean): Owners {
  async function person(org: string, owner: string): Promise<Person | undefined> {
    const found = await people.find(org, owner);
    return found !== undefined && stands(found) ? found : undefined;
  }
  return {
    person,
    async cut(key) {
      if (!isPerson(key.owner)) return key;
      const owner = await person(key.org, key.owner);
      if (owner === undefined) return undefined;
      if (key.kind === 'enrolment') return key;
      const groups = key.groups ?? [];
      return {
        ...key,
        role: lowerRole(key.role ?? 'viewer', owner.role),
        groups: reachesAll(owner.role) ? groups : groups.filter((group) => owner.groups.includes(group)),
      };
    },
  };
}

/** Keys as they count now: one whose owner is gone is not found. */
export function ownedKeys(keys: Pick<KeyStore, 'find'>, owners: Owners): Pick<KeyStore, 'find'> {
  return {
    async find(id) {
      const key = await keys.find(id);
      return key && owners.cut(key);
    },
  };
}

/** The one of two roles that may less. */
export function lowerRole(a: Role, b: Role): Role {
  return roles.indexOf(a) <= roles.indexOf(b) ? a : b;
}
