export const roles = ['viewer', 'developer', 'group_admin', 'company_admin'] as const;
export type Role = (typeof roles)[number];

export const scopes = ['runtime:read', 'runtime:capture', 'runtime:admin'] as const;
export type Scope = (typeof scopes)[number];

/** What an API key may be given beside scopes; `dev_api` ("Dev API") is required for MCP. */
export const permissions = ['dev_api'] as const;
export type Permission = (typeof permissions)[number];

/** Who is asking, whichever way they proved it. Made by `authenticate()`; rights are decided later, per tool call. */
export interface Principal {
  org: string;
  /** Stable within the organisation: `key:<id>` for an API key (the first one's, over rotations), `user:<sub>` for a person. */
  subject: string;
  /** For people: the key's name, or the person's. */
  name: string;
  kind: 'api_key' | 'person';
  role: Role;
  scopes: Scope[];
  permissions: Permission[];
  groups: string[];
  /** For keys: whom the key belongs to. */
  owner?: string;
  /** Names the credential itself where it can be revoked: the key, which after a rotation is not the subject's, or a person's grant. */
  credentialId?: string;
  /** For keys: addresses and networks it is taken from; absent: from anywhere. */
  addresses?: string[];
  /** When the credential ends, in milliseconds since the epoch. */
  expiresAt?: number;
  /** OAuth: the client software the token was given to, and twelve digits of the token's SHA-256. */
  clientId?: string;
  tokenRef?: string;
}
