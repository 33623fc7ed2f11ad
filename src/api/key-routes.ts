import type { z } from 'zod';
import { administerKeys } from '../authorization/administer.ts';
import { ownerOf } from '../authorization/key-bounds.ts';
import type { KeyRequest } from '../identity/key-request.ts';
import { daysLeft, endingSoon } from '../identity/key-state.ts';
import type { Principal } from '../identity/principal.ts';
import { type Asked, issueKey, type KeyDesk, type KeyEvent, revokeWithMade, rotateKey } from '../keys.ts';
import { iso, keySchemas, showKey } from './key-schemas.ts';

/** One request about keys, let in and read. */
export interface KeyCall<Input> {
  principal: Principal;
  desk: KeyDesk;
  input: Input;
  /** What the path names; empty where it names none. */
  id: string;
  asked: Asked & { requestId: string };
}

/** One operation about keys or the credential itself; there is no tool behind it. */
export interface KeyRoute {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  operation: string;
  summary: string;
  description: string;
  input: z.ZodObject;
  answer: keyof typeof keySchemas;
  example?: Record<string, unknown>;
  /** Answers 201. */
  creates?: true;
  /** What the audit trail calls it, where it changes something. */
  event?: KeyEvent;
  run(call: KeyCall<unknown>): Promise<object>;
}

/** A route whose `run` gets what its own schema reads. */
function route<Input extends z.ZodObject>(
  described: Omit<KeyRoute, 'input' | 'run'> & { input: Input; run(call: KeyCall<z.output<Input>>): Promise<object> },
): KeyRoute {
  return { ...described, run: (call) => described.run(call as KeyCall<z.output<Input>>) };
}

const needs = 'Needs the scope runtime:admin, and of an API key the permission dev_api.';
const bounded = 'Nobody is told a secret that may more than the credential that asks for it.';

/** Every operation about keys. Who may do what is decided in authorization/administer.ts. */
export const keyRoutes: readonly KeyRoute[] = [
  route({
    ...{ method: 'GET', path: '/me', operation: 'getMe', summary: 'Who am I', input: keySchemas.nothing, answer: 'me' },
    description: 'Whom the credential stands for, what it may do, and when it ends. Every credential may ask.',
    run: async ({ principal, desk }) => describe(principal, desk.clock.now()),
  }),
  route({
    ...{ method: 'GET', path: '/keys', operation: 'listKeys', summary: 'List keys', input: keySchemas.filter, answer: 'keys' },
    description: `The keys that you may know of: a developer their own, a group admin those of their groups too, a company admin all. ${needs}`,
    async run({ principal, desk, input: { owner } }) {
      const permit = administerKeys(principal);
      const seen = (await desk.keys.list(principal.org)).filter((key) => permit.sees(key));
      const asked = seen.filter((key) => owner === undefined || key.owner === owner);
      return { keys: asked.map((key) => showKey(key, desk.clock.now())) };
    },
  }),
  route({
    ...{ method: 'POST', path: '/keys', operation: 'createKey', summary: 'Create a key' },
    ...{ input: keySchemas.creation, answer: 'issued', creates: true, event: 'key_created' },
    description: `A key for yourself; a company admin also makes keys of service accounts and for agents. ${bounded} ${needs}`,
    example: { name: 'nightly', owner: 'service:ci', scopes: ['runtime:read'], groups: ['everyone'], addresses: ['10.0.0.0/8'] },
    async run({ principal, desk, input, asked }) {
      const request = { ...input, owner: input.owner ?? ownerOf(principal), org: principal.org };
      // What is missing or does not fit is told by the check of every key, wherever it was asked for.
      const grant = administerKeys(principal).create(request as KeyRequest);
      const { record, secret } = await issueKey(desk, grant, asked);
      return { key: showKey(record, desk.clock.now()), secret };
    },
  }),
  route({
    ...{ method: 'POST', path: '/keys/{id}/rotate', operation: 'rotateKey', summary: 'Rotate a key' },
    ...{ input: keySchemas.rotation, answer: 'issued', creates: true, event: 'key_rotated' },
    description: `A new key with the same rights; the old one works on for the overlap. ${bounded} ${needs}`,
    example: { overlapHours: 24 },
    async run({ principal, desk, input, id, asked }) {
      const grant = administerKeys(principal).rotate(await desk.keys.find(id), id);
      const { record, secret } = await rotateKey(desk, grant, input, asked);
      return { key: showKey(record, desk.clock.now()), secret };
    },
  }),
  route({
    ...{ method: 'DELETE', path: '/keys/{id}', operation: 'revokeKey', summary: 'Revoke a key' },
    ...{ input: keySchemas.revocation, answer: 'revoked', event: 'key_revoked' },
    description: `Its next request is refused; its calls, streams and agents end at once. Keys that it made live on unless they are to end with it. ${needs}`,
    async run({ principal, desk, input: { andMade }, id, asked }) {
      const permit = administerKeys(principal);
      const grant = permit.revoke(await desk.keys.find(id), id);
      const made = await revokeWithMade(desk, permit, grant, { andMade: andMade === 'true', asked });
      return { key: showKey({ ...grant.what.key, revokedAt: desk.clock.now() }, desk.clock.now()), ...made };
    },
  }),
];

function describe({ org, subject, name, kind, ...principal }: Principal, now: number): object {
  const { owner, role, scopes, permissions, groups, credentialId, expiresAt } = principal;
  const warning = kind === 'api_key' && expiresAt !== undefined ? endingSoon(expiresAt, now) : undefined;
  return {
    ...{ subject, name, kind, organisation: org, role, scopes, permissions, groups },
    ...(owner === undefined ? {} : { owner }),
    ...(credentialId === undefined ? {} : { credentialId }),
    ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt), daysLeft: daysLeft(expiresAt, now) }),
    ...(warning === undefined ? {} : { warning }),
  };
}
