import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkIdentity } from '../../src/identity/check-identity-policy.ts';
import type { Claims } from '../../src/identity/claim-values.ts';
import { readClaims } from '../../src/identity/claims.ts';
import { identityFile } from '../../src/identity/identity-policy.ts';
import { parseStrictYaml } from '../../src/lib/strict-yaml.ts';

const directory = fileURLToPath(new URL('../../docs/sign-in/', import.meta.url));

/** ID tokens as the providers document them, cut to what matters; the first person is let in, the second is not. */
const documented: Record<string, { in: Claims; out: Claims; person: object; says: string }> = {
  okta: {
    in: {
      iss: 'https://example.okta.com',
      sub: '00u1abcd2EFGHIJKL3m4',
      name: 'Dana Developer',
      email: 'dana@example.com',
      groups: ['Everyone', 'sidelight-developers', 'sidelight-team-payments'],
    },
    out: { sub: '00u9', groups: ['Everyone'] },
    person: { subject: 'user:00u1abcd2EFGHIJKL3m4', role: 'developer', groups: ['payments'], name: 'Dana Developer' },
    says: '["Everyone"]',
  },
  entra: {
    in: {
      aud: '66666666-7777-8888-9999-000000000000',
      tid: '11111111-2222-3333-4444-555555555555',
      oid: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
      preferred_username: 'gil@example.com',
      name: 'Gil Groupadmin',
      roles: ['Sidelight.GroupAdmin', 'Sidelight.Developer', 'Team.Payments'],
    },
    // Somebody with 300 groups and no app role: roles are decided by roles, so that is what they read.
    out: {
      oid: 'o',
      sub: 's',
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'https://graph.microsoft.com' } },
    },
    person: {
      subject: 'user:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      upstreamSubject: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
      role: 'group_admin',
      groups: ['payments'],
    },
    says: 'nothing: the provider did not send it',
  },
  auth0: {
    in: { sub: 'auth0|5f7c8ec7c33c6c004bbafe82', name: 'Cora', 'https://sidelight.example.com/roles': ['sidelight-admin'] },
    out: { sub: 'google-oauth2|1', 'https://sidelight.example.com/roles': [] },
    person: { subject: 'user:auth0|5f7c8ec7c33c6c004bbafe82', role: 'company_admin', groups: ['everyone'] },
    says: '[]',
  },
  keycloak: {
    in: {
      sub: '4d9e8f7a-0000-4000-8000-000000000001',
      name: 'Dana Developer',
      preferred_username: 'dana',
      realm_access: { roles: ['default-roles-staff', 'offline_access', 'sidelight-developer', 'uma_authorization'] },
      groups: ['team-payments'],
    },
    out: { sub: 'k', realm_access: { roles: ['default-roles-staff'] } },
    person: { role: 'developer', groups: ['payments'] },
    says: '["default-roles-staff"]',
  },
  google: {
    in: { sub: '110169484474386276334', hd: 'example.com', email: 'dana@example.com', email_verified: true, name: 'Dana' },
    out: { sub: '1', email: 'dana@example.com', email_verified: false },
    person: { subject: 'user:110169484474386276334', role: 'developer', groups: ['payments'], email: 'dana@example.com' },
    says: '"dana@example.com"',
  },
};

describe('the recipe for', () => {
  it('every provider of the documentation has claims here', () => {
    expect(readdirSync(directory).sort()).toEqual(
      Object.keys(documented)
        .map((name) => `${name}.yaml`)
        .sort(),
    );
  });

  it.each(Object.entries(documented))('%s is a policy, lets a developer in, and tells others why not', (name, told) => {
    const file = parseStrictYaml(readFileSync(`${directory}${name}.yaml`, 'utf8'), name, identityFile);
    expect(checkIdentity(file)).toEqual([]);
    const reading = { rules: file.value.claims, roles: file.value.sign_in.roles };
    expect(readClaims(told.in, reading)).toMatchObject(told.person);
    expect(() => readClaims(told.out, reading)).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ data: { claim: file.value.claims.role?.from, found: told.says } }),
      }),
    );
  });

  it.each(['common', 'organizations', 'consumers'])('Entra ID does not let every company in: %s is refused', (tenant) => {
    const text = readFileSync(`${directory}entra.yaml`, 'utf8').replace('11111111-2222-3333-4444-555555555555', tenant);
    const mistakes = checkIdentity(parseStrictYaml(text, 'identity.yaml', identityFile));
    expect(mistakes.map(({ message }) => message)).toEqual([expect.stringContaining('name your own tenant')]);
  });
});
