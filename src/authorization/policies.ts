import type { z } from 'zod';
import type { IdentityPolicy } from '../identity/identity-policy.ts';
import type { Permission, Scope } from '../identity/principal.ts';
import type { Budget } from '../protocol/frames.ts';
import type { RedactionPolicies } from '../redaction/policy.ts';
import type { casesFile } from './schema.ts';

/** What one role may do, with everything it includes. */
export interface RolePolicy {
  readonly tools: readonly string[];
  /** `groups`: what its groups reach; `all`: every pool and service of the organisation. */
  readonly reaches: 'groups' | 'all';
  /** Whose actions it may cancel: its own, all those inside its pools, or all of the organisation. */
  readonly manages: 'own' | 'pools' | 'all';
  readonly limits: EffectiveLimits;
  readonly quotas: EffectiveQuotas;
}

/** What a credential must carry to call a tool, and whether the tool only reads. */
export interface ToolPolicy {
  readonly scope: Scope;
  readonly permissions: readonly Permission[];
  readonly reads: boolean;
}

/** Pools and services, as globs, that members of a group reach: a source must fit one of each. */
export interface GroupPolicy {
  readonly pools: readonly string[];
  readonly services: readonly string[];
}

/** Ceilings of one request; never above those of `protocol/limits.ts`. */
export interface EffectiveLimits {
  readonly maxHits: number;
  readonly maxTimeoutSeconds: number;
  readonly maxExpressions: number;
  readonly maxDepth: number;
}

/** How much a caller may have in an hour and at once. */
export interface EffectiveQuotas {
  readonly callsPerHour: number;
  /** Calls refused before they were charged that get an audit record each; more are told in one record a minute. */
  readonly refusedCallsPerHour: number;
  readonly hitsPerHour: number;
  /** Hits all actions of one investigation have or may still get, as long as they are kept. */
  readonly hitsPerInvestigation: number;
  readonly concurrentActionsPerPrincipal: number;
  readonly concurrentActionsPerInvestigation: number;
  readonly concurrentActionsPerAgent: number;
  readonly concurrentActionsPerOrg: number;
  /** Calls of one caller that run at the same time, and how many more may wait for their turn. */
  readonly concurrentCalls: number;
  readonly queuedCalls: number;
}

/** Which tools this deployment has at all: `deny` beats `allow`. */
export interface ExposurePolicy {
  readonly readOnly: boolean;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** One decision that must hold. */
export type PolicyCase = z.output<typeof casesFile>[number];

/** Every policy file, checked and frozen. The records have no prototype, so a name from outside finds only what was written. */
export interface Policies {
  /** SHA-256 over all files, hex; audit records carry it. */
  readonly hash: string;
  readonly roles: Readonly<Record<string, RolePolicy>>;
  readonly tools: Readonly<Record<string, ToolPolicy>>;
  readonly groups: Readonly<Record<string, GroupPolicy>>;
  /** Quotas that all callers share, whoever asks: also needed where no caller does, as when an agent connects. */
  readonly shared: Pick<EffectiveQuotas, 'concurrentActionsPerAgent' | 'concurrentActionsPerOrg'>;
  readonly exposure: ExposurePolicy;
  /** What probes may cost the programs; undefined leaves it to the agents. */
  readonly budget: Budget | undefined;
  readonly cases: readonly PolicyCase[];
  /** Read once at the start: sign-ins under way stand on it. */
  readonly identity: IdentityPolicy;
  readonly redaction: RedactionPolicies;
}
