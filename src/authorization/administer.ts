import { type CheckedRequest, checkKeyRequest, type KeyRequest } from '../identity/key-request.ts';
import type { KeyRecord } from '../identity/keys.ts';
import { isPerson, isService } from '../identity/owner.ts';
import type { Principal, Role } from '../identity/principal.ts';
import { Refusal } from '../lib/refusal.ts';
import { beyond, denied, elsewhere, isFamily, ownerOf, owns, type Rights, unheld, unknownKey } from './key-bounds.ts';

/** Who has the shell of the machine, and so the data itself. */
export interface Operator {
  kind: 'operator';
  org: string;
}

/** Who administers: the operator, or a caller with a credential. */
export type Administrator = Principal | Operator;

/** What a role may do with keys. Nobody is told a secret that may more than the credential that asked for it, whatever the role. */
interface KeyRule {
  /** Keys it sees and revokes: none; its own; also those whose groups are all its own and whose role is not above it; all. */
  manages: 'none' | 'own' | 'groups' | 'all';
  /** Whether it makes keys of service accounts, and keys for agents. */
  services: boolean;
  enrolment: boolean;
}

/** The rules of keys, by role. */
export const keyRules: Readonly<Record<Role, KeyRule>> = {
  viewer: { manages: 'none', services: false, enrolment: false },
  developer: { manages: 'own', services: false, enrolment: false },
  group_admin: { manages: 'groups', services: false, enrolment: false },
  company_admin: { manages: 'all', services: true, enrolment: true },
};

/** What a credential must carry to administer. */
const needed: Rights = { scopes: ['runtime:admin'], permissions: ['dev_api'] };

/** What a change needs to know of what was allowed. `notAfter`: when the new key has to end at the latest. */
interface Changes {
  create: { request: CheckedRequest; notAfter?: number };
  rotate: { key: KeyRecord; notAfter?: number };
  revoke: { key: KeyRecord };
}

class Grant<Change extends keyof Changes> {
  /** Private, so that nothing which only looks like a grant is one. */
  readonly #by: Administrator;
  readonly change: Change;
  readonly what: Changes[Change];

  constructor(by: Administrator, change: Change, what: Changes[Change]) {
    this.#by = by;
    this.change = change;
    this.what = what;
    Object.freeze(this);
  }

  get by(): Administrator {
    return this.#by;
  }
}

/** Proof that this change of this key is allowed to who asked. Only a `KeyPermit` makes one; what changes keys asks for one. */
export type KeyGrant<Change extends keyof Changes> = Grant<Change>;

class GrantedKeyPermit {
  readonly #by: Administrator;
  readonly #rule: KeyRule;

  constructor(by: Administrator) {
    this.#by = by;
    this.#rule = keyRules[by.kind === 'operator' ? 'company_admin' : by.role];
    Object.freeze(this);
  }

  get by(): Administrator {
    return this.#by;
  }

  /** Whether who asks knows of this key at all; of another organisation's nobody does. */
  sees(key: KeyRecord): boolean {
    const by = this.#by;
    const { manages, enrolment } = this.#rule;
    if (key.org !== by.org) return false;
    if (by.kind === 'operator' || manages === 'all') return true;
    if (key.kind === 'enrolment') return enrolment;
    const isShared = manages === 'groups' && (key.groups ?? []).length > 0;
    return owns(by, key) || (isShared && beyond(by, key, 'it', false) === undefined);
  }

  /** Allows a new key, or refuses with the field that asks for too much. The organisation is that of who asks. */
  create(asked: KeyRequest): KeyGrant<'create'> {
    const by = this.#by;
    const request = checkKeyRequest({ ...asked, org: by.org });
    if (by.kind === 'operator') return new Grant(by, 'create', { request });
    const { owner, kind } = request;
    if (owner !== ownerOf(by) && !(isService(owner) && this.#rule.services)) {
      const why = isService(owner) ? 'A company admin makes keys of service accounts.' : `Your keys belong to ${ownerOf(by)}.`;
      throw denied(by, why, 'owner');
    }
    if (kind === 'enrolment' && !this.#rule.enrolment) throw denied(by, 'A company admin makes keys for agents.', 'kind');
    // A key with a list that names none makes one with the same list, so that leaving it out is no way round it.
    const { addresses = by.addresses } = request;
    const bounded = { ...request, ...(addresses === undefined ? {} : { addresses }) };
    this.#requireNotStronger(by, bounded, 'the new key');
    return new Grant(by, 'create', { request: bounded, notAfter: by.kind === 'api_key' ? by.expiresAt : undefined });
  }

  /** Allows to replace a key, whose new secret is told to who asks. Refuses `not_found` where they do not see it. */
  rotate(found: KeyRecord | undefined, id: string): KeyGrant<'rotate'> {
    const by = this.#by;
    const key = this.#seen(found, id);
    if (by.kind === 'operator') return new Grant(by, 'rotate', { key });
    if (isPerson(key.owner) && !owns(by, key))
      throw denied(by, 'The key is a person’s, and only that person is told its secret; it can be revoked.', 'id');
    this.#requireNotStronger(by, key, `the key ${key.id}`);
    // A stolen key must not live on in others. Replacing itself is what a service account has to do, but not beyond a key that made it.
    const notAfter = isFamily(by, key) ? key.notAfter : by.expiresAt;
    return new Grant(by, 'rotate', { key, notAfter: by.kind === 'person' ? undefined : notAfter });
  }

  /** Allows to end a key. Refuses `not_found` where who asks does not see it. */
  revoke(found: KeyRecord | undefined, id: string): KeyGrant<'revoke'> {
    const by = this.#by;
    const key = this.#seen(found, id);
    // A key acts for its owner, but it does not end those of its owner's keys that may more than it.
    if (by.kind === 'api_key')
      this.#requireNotStronger(by, { ...key, scopes: [], permissions: [], addresses: by.addresses }, `the key ${key.id}`);
    return new Grant(by, 'revoke', { key });
  }

  #seen(key: KeyRecord | undefined, id: string): KeyRecord {
    if (key === undefined || !this.sees(key)) throw unknownKey(id);
    return key;
  }

  #requireNotStronger(by: Principal, key: Rights, what: string): void {
    const details = beyond(by, key, what, this.#rule.manages === 'all') ?? unheld(by, key, what) ?? elsewhere(by, key, what);
    if (details !== undefined) throw new Refusal(details);
  }
}

/** Proof that somebody may administer keys at all. Only `administerKeys()` makes one. */
export type KeyPermit = GrantedKeyPermit;

/**
 * Decides whether somebody may administer keys: first the role, because a wider consent cannot mend it, then scope and permission of the
 * credential. Which keys, and how far, the permit says for each of them.
 */
export function administerKeys(by: Administrator): KeyPermit {
  if (by.kind !== 'operator') {
    if (keyRules[by.role].manages === 'none') throw denied(by, `The role ${by.role} administers no keys.`);
    const lacking = unheld(by, needed, 'administering keys');
    if (lacking !== undefined) throw new Refusal(lacking);
  }
  return new GrantedKeyPermit(by);
}

/** The permit of whoever has the machine. */
export function operatorOf(org: string): KeyPermit {
  return administerKeys({ kind: 'operator', org });
}
