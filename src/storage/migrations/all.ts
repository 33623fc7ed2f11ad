import { start } from './001-start.ts';
import { secrets } from './002-secrets.ts';
import { pauses } from './003-pauses.ts';
import { investigations } from './004-investigations.ts';
import { identity } from './005-identity.ts';
import { auditChain } from './006-audit-chain.ts';
import { rowSecurity } from './007-row-security.ts';
import { replicas } from './008-replicas.ts';
import { alike } from './009-alike.ts';
import type { Migration } from './migration.ts';

/** All steps of the schema in order. */
export const migrations: Migration[] = [
  start,
  secrets,
  pauses,
  investigations,
  identity,
  auditChain,
  rowSecurity,
  replicas,
  alike,
];
