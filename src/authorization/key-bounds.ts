import { firstOutside } from '../identity/address-list.ts';
import type { KeyRecord } from '../identity/keys.ts';
import { operatorOwner } from '../identity/owner.ts';
import { type Principal, roles, type Scope } from '../identity/principal.ts';
import { Refusal, type RefusalDetails } from '../lib/refusal.ts';

/** What of a key says how strong it is. */
export type Rights = Pick<KeyRecord, 'role' | 'scopes' | 'permissions' | 'groups' | 'addresses'>;

/** Whom a caller's keys belong to: the person, or the owner of the key that calls. */
export function ownerOf(by: Principal): string {
  return by.kind === 'person' ? by.subject : (by.owner ?? operatorOwner);
}

/** Whether a key is the caller's: its owner's, or, where that is nobody in particular (`operator`), the one that calls and those it made. */
export function owns(by: Principal, key: KeyRecord): boolean {
  if (key.owner !== ownerOf(by)) return false;
  return by.kind === 'person' || key.owner !== operatorOwner || isFamily(by, key) || key.createdBy === by.subject;
}

/** Whether a key is the one that calls, or one before or after it. */
export function isFamily(by: Principal, key: KeyRecord): boolean {
  return by.kind === 'api_key' && by.subject === `key:${key.firstId ?? key.id}`;
}

/** Where a key's role or groups go beyond the caller's; undefined when they do not. `anyGroup`: groups do not bound the caller. */
export function beyond(by: Principal, key: Rights, what: string, anyGroup: boolean): RefusalDetails | undefined {
  const { role = 'viewer', groups = [] } = key;
  if (roles.indexOf(role) > roles.indexOf(by.role))
    return denied(by, `Your role is ${by.role}; ${what} cannot be ${role}.`, 'role').details;
  const foreign = anyGroup ? undefined : groups.find((group) => !by.groups.includes(group));
  if (foreign === undefined) return undefined;
  return denied(by, `You are not in the group ${foreign}, so ${what} cannot be.`, 'groups').details;
}

/** Scopes and permissions of a key that the caller's own credential does not carry; undefined when there are none. */
export function unheld(by: Principal, { scopes = [], permissions = [] }: Rights, what: string): RefusalDetails | undefined {
  const missing = scopes.filter((scope) => !by.scopes.includes(scope));
  // Dev API and its like are what a key is given; a person signs in with a role instead.
  const missingPermissions = by.kind === 'person' ? [] : permissions.filter((each) => !by.permissions.includes(each));
  if (missing.length === 0 && missingPermissions.length === 0) return undefined;
  const named = [...missingPermissions.map((each) => `the permission ${each}`), ...missing.map((each) => `the scope ${each}`)];
  const needed: Scope[] = [...new Set([...by.scopes, ...missing])];
  const key = `--role ${by.role} --scopes ${needed.join(',')}`;
  return {
    code: 'insufficient_scope',
    message: `${by.kind === 'person' ? 'This sign-in' : 'This API key'} lacks ${named.join(' and ')}, which ${what} needs.`,
    next:
      by.kind === 'person'
        ? `Sign in again and consent to ${missing.join(' ')}.`
        : `Use a key that may: sidelight keys create --name NAME ${key}`,
    // What a step-up challenge asks for: clients drop what they had, so granted and needed go together.
    data: { missingScopes: missing, missingPermissions, scope: needed.join(' ') },
  };
}

/** Where a key would be taken from that the caller's is not; undefined when there is no such place. */
export function elsewhere(by: Principal, { addresses }: Rights, what: string): RefusalDetails | undefined {
  if (by.addresses === undefined) return undefined;
  const outside = addresses === undefined ? 'anywhere' : firstOutside(addresses, by.addresses);
  if (outside === undefined) return undefined;
  return {
    code: 'org_access_denied',
    message: `This API key is taken from ${by.addresses.join(', ')} only; ${what} cannot be taken from ${outside}.`,
    field: 'addresses',
    next: 'Name addresses within those, or ask a person who may make such a key.',
    data: { addresses: by.addresses },
  };
}

/** No, because of the role; a wider consent would not help. */
export function denied(by: Principal, message: string, field?: string): Refusal {
  return new Refusal({
    code: 'org_access_denied',
    message,
    ...(field === undefined ? {} : { field }),
    next: by.role === 'company_admin' ? 'Whoever has the machine can: sidelight keys.' : 'Ask a company admin.',
    data: { role: by.role },
  });
}

/** The same for a key that is not there, is another organisation's, or is none of the caller's business. */
export function unknownKey(id: string): Refusal {
  return new Refusal({
    code: 'not_found',
    message: `There is no live key ${JSON.stringify(id.slice(0, 64))}.`,
    field: 'id',
    next: 'List the keys to see their ids.',
  });
}
