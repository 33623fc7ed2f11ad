import { Refusal } from '../lib/refusal.ts';
import { readAddresses } from './address-list.ts';
import type { KeyRecord } from './keys.ts';
import { isPerson } from './owner.ts';
import { type Permission, permissions, type Role, roles, type Scope, scopes } from './principal.ts';

/** What an operator asks for. It may come from outside as any JSON: `checkKeyRequest` takes nothing of it for granted. */
export type KeyRequest = {
  org: string;
  /** `user:…`, `service:…` or `operator`. */
  owner: string;
  name: string;
  /** Addresses and networks it is taken from; from anywhere when left out. */
  addresses?: readonly string[];
  /** 1–365, default 90. */
  days?: number;
} & (
  | { kind: 'api'; role: string; scopes: readonly string[]; permissions: readonly string[]; groups: readonly string[] }
  /** `service` is a glob that the agents' service must match. */
  | { kind: 'enrolment'; pool: string; service: string }
);

/** The part of a record that was asked for. */
export type CheckedRequest = Omit<KeyRecord, 'id' | 'hash' | 'createdAt' | 'expiresAt'> & { days?: number };

const maxNameChars = 64;
const maxListed = 32;
/** Providers name people as they like, in at most 255 characters (OpenID Connect Core section 2). */
const maxOwnerChars = 300;
const owners = /^(?:operator|service:[A-Za-z0-9][A-Za-z0-9._-]*|user:[^\p{C}\p{Zl}\p{Zp}]+)$/u;
/** Printable, so that a name cannot forge a line in a terminal or hide its direction. */
const printable = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;
const identifier = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const serviceGlob = /^[A-Za-z0-9._/@:*?-]+$/;

const kinds = ['api', 'enrolment'] as const;

/** The request with known words only. Refuses with `invalid_input` and the field at fault. */
export function checkKeyRequest(request: KeyRequest): CheckedRequest {
  const common = {
    org: text('org', request.org, identifier),
    owner: text('owner', request.owner, owners, maxOwnerChars),
    name: text('name', request.name, printable),
    ...(request.addresses === undefined ? {} : { addresses: readAddresses(request.addresses) }),
    ...(request.days === undefined ? {} : { days: request.days }),
  };
  known('kind', request.kind, kinds);
  if (request.kind === 'enrolment') {
    // Programs must not fall off the bridge on the day somebody leaves the company.
    if (isPerson(common.owner))
      throw invalid('owner', 'An enrolment key belongs to a service account (service:…) or to operator, not to a person.');
    return {
      ...common,
      kind: 'enrolment',
      pool: text('pool', request.pool, identifier),
      service: text('service', request.service, serviceGlob),
    };
  }
  return {
    ...common,
    kind: 'api',
    role: known<Role>('role', request.role, roles),
    scopes: listed('scopes', request.scopes, (scope) => known<Scope>('scopes', scope, scopes)),
    permissions: listed('permissions', request.permissions, (permission) =>
      known<Permission>('permissions', permission, permissions),
    ),
    groups: listed('groups', request.groups, (group) => text('groups', group, identifier)),
  };
}

function text(field: string, value: unknown, shape: RegExp, maxChars = maxNameChars): string {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  if (trimmed !== '' && trimmed.length <= maxChars && shape.test(trimmed)) return trimmed;
  throw invalid(field, `${field} is ${quoted(value)}; it needs 1 to ${maxChars} characters ${shapes.get(shape)}.`);
}

const shapes = new Map([
  [owners, 'and is operator, service: and a name, or user: and the name of a person'],
  [printable, 'that can be printed'],
  [identifier, 'of A–Z, a–z, 0–9, dot, underscore and hyphen, and starts with a letter or digit'],
  [serviceGlob, 'of a service name, where * stands for any run of characters and ? for one'],
]);

function known<T extends string>(field: string, value: unknown, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  throw invalid(field, `${field} has ${quoted(value)}; it can be ${words.join(', ')}.`);
}

function listed<T>(field: string, values: unknown, read: (value: unknown) => T): T[] {
  if (!Array.isArray(values) || values.length > maxListed)
    throw invalid(field, `${field} must be a list of at most ${maxListed}.`);
  return [...new Set(values)].map(read);
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, maxNameChars)) : 'no text';
}

function invalid(field: string, message: string): Refusal {
  return new Refusal({ code: 'invalid_input', message, field, next: 'Correct it and ask again.' });
}
