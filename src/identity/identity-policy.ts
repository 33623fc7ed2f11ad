import { z } from 'zod';
import { only } from '../lib/strict-yaml.ts';
import { type Role, roles } from './principal.ts';

/** A claim by name, or by JSON Pointer (RFC 6901) where it lies deeper: `roles`, `/realm_access/roles`. */
const claim = z.string().min(1).max(200);
/** Where a secret is; never the secret itself, because policy files are reviewed and shared. */
const secretSource = z.union([
  only({ env: z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected the name of an environment variable') }),
  only({ file: z.string().min(1) }),
]);
const values = z.array(z.string().min(1).max(256)).max(200);
/** A site with all of its pages, one page of it (`/callback`), or all below a path that ends in a slash (`/callbacks/`). */
const place = z
  .string()
  .refine(
    isPlace,
    'expected an origin such as https://ide.example.com, or a URL without query such as https://ide.example.com/callback',
  );
const scheme = z.string().regex(/^[a-z][a-z0-9+.-]{1,63}$/, 'expected a scheme without colon, such as cursor');
const httpUrl = z.url({ protocol: /^https?$/ });

/** How claims of the provider become a person with rights here. */
const claims = only({
  subject: claim.default('sub'),
  name: claim.default('name'),
  email: claim.default('email'),
  /** Any one of a role's values gives that role; the highest counts. */
  role: only({
    from: claim,
    values: only(Object.fromEntries(roles.map((role) => [role, values])) as Record<Role, typeof values>).partial(),
  }).optional(),
  /** Groups here by value there; a value that is not listed is taken as it is when `as_is` is true. */
  groups: only({ from: claim, values: z.record(z.string(), values).optional(), as_is: z.boolean().default(false) }).optional(),
  /** For one bridge over several organisations: the claim that names it, and the organisations by its values. */
  organisation: only({
    from: claim,
    values: z.record(z.string(), z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)),
  }).optional(),
});

const company = only({
  issuer: httpUrl,
  client_id: z.string().min(1).max(256),
  client_secret: secretSource.optional(),
  scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email', 'offline_access']),
  /** Also read the claims of the UserInfo endpoint. */
  userinfo: z.boolean().default(false),
  /** How long people stay in while the provider cannot be reached, since it last confirmed them. */
  unreachable_hours: z.int().min(0).max(168).default(24),
});

const resourceServer = only({
  issuer: httpUrl,
  /** What tokens must be meant for; the URL of /mcp where it is left out. */
  audience: z.string().min(1).optional(),
  verify: z.enum(['jwt', 'introspection']),
  algorithms: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
    .default(['RS256', 'ES256', 'PS256', 'EdDSA']),
  /** For introspection. */
  client_id: z.string().min(1).optional(),
  client_secret: secretSource.optional(),
  cache_seconds: z.int().min(0).max(60).default(0),
  /** Scopes here by the provider's names, where they differ. */
  scopes: z.record(z.string(), z.array(z.string())).default({}),
});

/** identity.yaml: who signs in, where, and what their claims make of them. */
export const identityFile = only({
  mode: z.enum(['local', 'company', 'resource_server']).default('local'),
  company: company.optional(),
  resource_server: resourceServer.optional(),
  claims: claims.prefault({}),
  sign_in: only({
    /** Roles that may sign in at all. */
    roles: z.array(z.enum(roles)).min(1).default(['developer', 'group_admin', 'company_admin']),
    /** Seconds in which a rotated refresh token is served once more (several windows of one client share it); 0 is strict. */
    refresh_overlap_seconds: z.int().min(0).max(300).default(60),
  }).prefault({}),
  clients: only({
    /** RFC 7591; clients nobody used for a day go. */
    registration: z.boolean().default(true),
    /** Client ID Metadata Documents; `hosts` limits where they may lie. */
    metadata_documents: z.boolean().default(true),
    metadata_hosts: z.array(z.string().min(1)).default([]),
    /** Where codes may be sent, beside loopback on any port. */
    redirect_origins: z
      .array(place)
      .default([
        'https://claude.ai/api/mcp/auth_callback',
        'https://claude.com/api/mcp/auth_callback',
        'https://chatgpt.com/connector_platform_oauth_redirect',
        'https://chatgpt.com/connector/oauth/',
        'https://chatgpt.com/aip/',
        'https://vscode.dev/redirect',
        'https://insiders.vscode.dev/redirect',
        'https://www.cursor.com/agents/mcp/oauth/callback',
      ]),
    redirect_schemes: z.array(scheme).default(['cursor']),
    /** Registered by the operator; a person sees no third-party badge for these. */
    known: z
      .array(
        only({
          id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
          name: z.string().min(1).max(80),
          redirect_uris: z.array(z.string().min(1)).min(1),
          client_secret: secretSource.optional(),
        }),
      )
      .default([]),
  }).prefault({}),
});

function isPlace(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, pathname, href } = new URL(text);
  return text === origin || (text === href && text === `${origin}${pathname}`);
}

/** Who signs in, where, and what their claims make of them; checked. */
export type IdentityPolicy = z.output<typeof identityFile>;
/** How claims become a person. */
export type ClaimRules = IdentityPolicy['claims'];
/** Where a secret is. */
export type SecretSource = z.output<typeof secretSource>;
