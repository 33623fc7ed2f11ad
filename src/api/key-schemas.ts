import { z } from 'zod';
import { daysLeft, stateOf, warningOf } from '../identity/key-state.ts';
import type { KeyRecord } from '../identity/keys.ts';

const words = (meaning: string) => z.array(z.string()).describe(meaning);
const instant = (meaning: string) => z.string().describe(`${meaning}, ISO 8601.`);

/** A key as the API shows it: everything but its secret and the hash of that. */
const shownKey = z.object({
  id: z.string().describe('Public; the part of the key between its underscores.'),
  kind: z.enum(['api', 'enrolment']).describe('For callers, or for agents.'),
  name: z.string().describe('For people.'),
  owner: z.string().describe('user:…, service:… or operator.'),
  createdBy: z.string().optional().describe('Subject of the caller who asked for it; absent when it was made on the machine.'),
  state: z.enum(['live', 'replaced', 'expired', 'revoked']).describe('replaced: rotated, and good until it ends.'),
  createdAt: instant('When it was made'),
  expiresAt: instant('When it ends'),
  notAfter: instant('Made by another key: when it and what replaces it end at the latest').optional(),
  daysLeft: z.number().int().describe('Whole days until then.'),
  warning: z.string().optional().describe('In the last 14 days of a key that nothing replaces yet.'),
  lastUsedAt: instant('Last use, to the minute').optional(),
  lastUsedFrom: z.string().optional().describe('Address of the last use.'),
  revokedAt: instant('When it was revoked').optional(),
  rotatedTo: z.string().optional().describe('Id of the key that replaces it.'),
  firstId: z.string().optional().describe('Id of the first key of its rotations: quotas and actions go on under it.'),
  addresses: words('Addresses and networks it is taken from; absent: from anywhere.').optional(),
  role: z.string().optional().describe('Of a key for callers. Where its owner is a person, the lower of both roles counts.'),
  scopes: words('Of a key for callers.').optional(),
  permissions: words('Of a key for callers.').optional(),
  groups: words('Of a key for callers. Where its owner is a person, only those of that person count.').optional(),
  pool: z.string().optional().describe('Of a key for agents: the pool they join.'),
  service: z.string().optional().describe('Of a key for agents: glob that their service must match.'),
});
const key = shownKey.describe('The key.');
const requestId = z.string().describe('Names the request.');
const secret = z.string().describe('The whole key. It is told here only; what is stored is its SHA-256.');
const days = z.number().int().optional().describe('Life in days, 1 to 365; 90 when left out.');

/** Arguments and answers of the routes of keys. */
export const keySchemas = {
  nothing: z.strictObject({}),
  filter: z.strictObject({ owner: z.string().optional().describe('Only keys of this owner.') }),
  creation: z.strictObject({
    kind: z.enum(['api', 'enrolment']).default('api').describe('For callers, or for agents.'),
    name: z.string().describe('For people, 1 to 64 characters.'),
    owner: z.string().optional().describe('user:…, service:NAME or operator; whoever asks when left out.'),
    days,
    addresses: words('Addresses and networks (CIDR) it is taken from, at most 32; from anywhere when left out.').optional(),
    role: z.string().default('developer').describe('viewer, developer, group_admin or company_admin; not above your own.'),
    scopes: words('runtime:read, runtime:capture, runtime:admin; none that you do not carry.').optional(),
    permissions: words('dev_api, without which the key can call no tool.').default(['dev_api']),
    groups: words('Groups of groups.yaml; yours unless you are a company admin.').optional(),
    pool: z.string().optional().describe('For agents: the pool they join.'),
    service: z.string().optional().describe('For agents: glob that their service must match.'),
  }),
  revocation: z.strictObject({
    andMade: z.enum(['true', 'false']).optional().describe('true: also the keys that it made, and those that these made.'),
  }),
  rotation: z.strictObject({
    overlapHours: z.number().optional().describe('How long the old key works on, 0 to 168; 24 when left out.'),
    days,
  }),
  keys: z.object({ keys: z.array(shownKey).describe('Oldest first.'), requestId }),
  issued: z.object({ key, secret, requestId }),
  revoked: z.object({
    key,
    alsoRevoked: words('Ids of keys it made that were revoked with it.'),
    stillLiving: words('Ids of keys it made, directly or through others, that still work.'),
    requestId,
  }),
  me: z.object({
    subject: z.string().describe('Stable name of the caller: key:…, or user:….'),
    name: z.string().describe('For people.'),
    kind: z.enum(['api_key', 'person']).describe('How the caller proved who it is.'),
    organisation: z.string().describe('Everything is asked and answered inside it.'),
    owner: z.string().optional().describe('Whom the key belongs to.'),
    role: z.string().describe('As it counts now: of a person’s key the lower of both.'),
    scopes: words('Of this credential.'),
    permissions: words('Of this credential.'),
    groups: words('As they count now.'),
    credentialId: z.string().optional().describe('Id of the key or token; public.'),
    expiresAt: instant('When the credential ends').optional(),
    daysLeft: z.number().int().optional().describe('Whole days until then.'),
    warning: z.string().optional().describe('In the last 14 days of a key.'),
    requestId,
  }),
};

/** A key as the API shows it. */
export function showKey({ hash: _hash, org: _org, ...key }: KeyRecord, now: number): z.output<typeof shownKey> {
  const { createdAt, expiresAt, notAfter, lastUsedAt, revokedAt, ...rest } = key;
  const warning = warningOf(key, now);
  return {
    ...rest,
    ...{ state: stateOf(key, now), createdAt: iso(createdAt), expiresAt: iso(expiresAt), daysLeft: daysLeft(expiresAt, now) },
    ...(warning === undefined ? {} : { warning }),
    ...(notAfter === undefined ? {} : { notAfter: iso(notAfter) }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: iso(lastUsedAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: iso(revokedAt) }),
  };
}

/** An instant as the API writes it. */
export function iso(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
