import { Refusal } from '../lib/refusal.ts';
import { type Claims, claimAt, printable, shownClaim, valuesOf } from './claim-values.ts';
import type { ClaimRules } from './identity-policy.ts';
import { defaultOrg } from './issue.ts';
import type { Person } from './people.ts';
import { type Role, roles } from './principal.ts';

/** What claims say about a person. */
export type Claimed = Pick<Person, 'org' | 'subject' | 'upstreamSubject' | 'name' | 'email' | 'role' | 'groups'>;

/** How claims are read, and who may sign in at all. */
export interface ClaimReading {
  rules: ClaimRules;
  roles: readonly Role[];
}

/** OpenID Connect Core section 2 allows a subject 255 characters. */
const maxSubjectChars = 255;
const maxNameChars = 80;
/** The group of people where no claim tells their groups; groups.yaml says what it reaches. */
const groupOfEverybody = 'everyone';

/**
 * Makes a person of what the provider says. Refuses with `org_access_denied` and tells which claim was looked at and what it had, in
 * `data.claim` and `data.found`: of all claims only that one, because the refusal is shown and recorded.
 */
export function readClaims(claims: Claims, reading: ClaimReading): Claimed {
  const { rules } = reading;
  const upstreamSubject = subjectOf(claims, 'sub');
  const named = rules.subject === 'sub' ? upstreamSubject : subjectOf(claims, rules.subject);
  const email = text(claimAt(claims, rules.email));
  const name = text(claimAt(claims, rules.name)) ?? email ?? named;
  return {
    org: organisationOf(claims, rules),
    subject: `user:${named}`,
    upstreamSubject,
    name: [...name].slice(0, maxNameChars).join(''),
    ...(email === undefined ? {} : { email }),
    role: roleOf(claims, reading),
    groups: groupsOf(claims, rules),
  };
}

function subjectOf(claims: Claims, from: string): string {
  const value = deciding(claims, from);
  if (typeof value === 'string' && value !== '' && value.length <= maxSubjectChars && printable(value) === value) return value;
  throw refused(claims, from, 'it says who you are, and it must be one text of at most 255 printable characters.', {
    next: 'The operator names another claim in identity.yaml (claims.subject), or the provider sends this one.',
  });
}

function roleOf(claims: Claims, { rules, roles: allowed }: ClaimReading): Role {
  const { from, values = {} } = rules.role ?? { from: 'roles' };
  const had = valuesOf(deciding(claims, from));
  const given = roles.filter((role) => values[role]?.some((value) => had.includes(value)));
  const role = given.at(-1);
  if (role === undefined) {
    throw refused(claims, from, 'nothing in it gives a role here.', {
      next: 'Ask your company for one of the roles that Sidelight knows, or the operator to name yours in identity.yaml (claims.role).',
    });
  }
  if (allowed.includes(role)) return role;
  throw refused(claims, from, `it gives the role ${role}, and people of that role do not sign in here.`, {
    next: `Only these do: ${allowed.join(', ')}. Ask your company for one of them; the operator changes the list in identity.yaml (sign_in.roles).`,
  });
}

/** Groups here that the claim gives; without a rule the group of everybody. */
function groupsOf(claims: Claims, { groups: rule }: ClaimRules): string[] {
  if (rule === undefined) return [groupOfEverybody];
  const { from, values = {}, as_is: asIs } = rule;
  const had = valuesOf(deciding(claims, from));
  const listed = new Set(Object.values(values).flat());
  const mapped = Object.keys(values).filter((group) => values[group]?.some((value) => had.includes(value)));
  return [...new Set([...mapped, ...(asIs ? had.filter((value) => !listed.has(value)) : [])])].sort();
}

function organisationOf(claims: Claims, { organisation: rule }: ClaimRules): string {
  if (rule === undefined) return defaultOrg;
  const had = valuesOf(deciding(claims, rule.from));
  const named = new Set(had.filter((value) => Object.hasOwn(rule.values, value)).map((value) => rule.values[value]));
  const [org] = named;
  if (named.size === 1 && org !== undefined) return org;
  throw refused(
    claims,
    rule.from,
    named.size === 0 ? 'it names no organisation of this Sidelight.' : 'it names several organisations, and a person is of one.',
    { next: 'The operator lists organisations by the values of this claim in identity.yaml (claims.organisation).' },
  );
}

/** A claim that something is decided by. Refuses one that cannot be trusted, or that the provider left out for its length. */
function deciding(claims: Claims, from: string): unknown {
  const name = from.replace(/^\//, '');
  if (name === 'email' && claims.email !== undefined && !isVerified(claims.email_verified)) {
    throw refused(
      claims,
      from,
      'the provider does not say that this address is verified (email_verified), so anybody could have entered it.',
      {
        next: 'Verify the address at the provider; the operator may decide by another claim in identity.yaml.',
      },
    );
  }
  if (isLeftOut(claims, name)) {
    throw refused(
      claims,
      from,
      'you are in so many groups that the provider left them out of its answer (Entra ID does above 200).',
      {
        next: 'The operator lets the provider send only groups assigned to the application, or decides by app roles (the claim roles).',
      },
    );
  }
  return claimAt(claims, from);
}

function isVerified(told: unknown): boolean {
  return told === true || told === 'true'; // some providers send texts only
}

/** Entra ID points to another service instead of sending a long list, and in some flows says only that there is one. */
function isLeftOut(claims: Claims, name: string): boolean {
  if (claimAt(claims, name) !== undefined) return false;
  const isElsewhere = claimAt((claims._claim_names ?? {}) as Claims, name) !== undefined;
  return isElsewhere || (name === 'groups' && isVerified(claims.hasgroups));
}

function text(claim: unknown): string | undefined {
  const clean = typeof claim === 'string' ? printable(claim).slice(0, maxSubjectChars) : '';
  return clean === '' ? undefined : clean;
}

function refused(claims: Claims, from: string, why: string, { next }: { next: string }): Refusal {
  const found = shownClaim(claimAt(claims, from));
  const message = `You are signed in at your company, and not let in here. Sidelight looked at the claim ${from}: ${why}`;
  return new Refusal({ code: 'org_access_denied', message, next, data: { claim: from, found } });
}
