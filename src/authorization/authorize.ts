import type { Principal } from '../identity/principal.ts';
import { Refusal } from '../lib/refusal.ts';
import { examine, examineReach, type Source } from './checks.ts';
import type { EffectiveLimits, EffectiveQuotas, Policies } from './policies.ts';

/** What a permit must know of an action to say who may manage it. */
export interface ManagedAction {
  org: string;
  /** Subject of the principal who placed it. */
  principal: string;
  targets: readonly Source[];
}

class GrantedPermit {
  readonly principal: Principal;
  readonly tool: string;
  /** Ceilings of this request. */
  readonly limits: EffectiveLimits;
  readonly quotas: EffectiveQuotas;
  readonly #policies: Policies;

  constructor(policies: Policies, principal: Principal, tool: string) {
    const role = policies.roles[principal.role];
    if (role === undefined) throw new Error(`a permit was asked for the unknown role ${principal.role}`);
    this.principal = principal;
    this.tool = tool;
    this.limits = role.limits;
    this.quotas = role.quotas;
    this.#policies = policies;
    Object.freeze(this);
  }

  /** Everything the caller reaches, as globs: kept with an action, so that agents which connect later are held to it too. */
  get reach(): { pools: string[]; services: string[] }[] {
    if (this.#policies.roles[this.principal.role]?.reaches === 'all') return [{ pools: ['*'], services: ['*'] }];
    return this.principal.groups.flatMap((name) => {
      const group = this.#policies.groups[name];
      return group === undefined ? [] : [{ pools: [...group.pools], services: [...group.services] }];
    });
  }

  /** Whether the caller's role or groups reach agents of this service in this pool. */
  mayReach(source: Source): boolean {
    return 'passes' in examineReach(this.#policies, this.principal, source);
  }

  /** Throws `org_access_denied` unless the caller reaches it. */
  requireReach(source: Source): void {
    const finding = examineReach(this.#policies, this.principal, source);
    if ('refusal' in finding) throw new Refusal(finding.refusal);
  }

  /** Whether the caller may cancel this action: its own always, others as its role says. */
  manages(action: ManagedAction): boolean {
    if (action.org !== this.principal.org) return false;
    if (action.principal === this.principal.subject) return true;
    const manages = this.#policies.roles[this.principal.role]?.manages;
    if (manages === 'all') return true;
    return manages === 'pools' && action.targets.length > 0 && action.targets.every((target) => this.mayReach(target));
  }

  /** Throws `org_access_denied` unless the caller manages it. */
  requireManage(action: ManagedAction): void {
    if (this.manages(action)) return;
    throw new Refusal({
      code: 'org_access_denied',
      message: `The role ${this.principal.role} does not manage this action: somebody else placed it.`,
      next: 'Ask whoever placed it, or an admin of its pool.',
    });
  }
}

/** Proof that this caller may call this tool now. Only `authorize()` can make one; every door behind it asks for one. */
export type Permit = GrantedPermit;

/** Decides one tool call: the first check that refuses is thrown as a Refusal, else the permit. Nothing is allowed by default. */
export function authorize(policies: Policies, principal: Principal, tool: string): Permit {
  for (const finding of examine(policies, principal, tool)) {
    if ('refusal' in finding) throw new Refusal(finding.refusal);
  }
  return new GrantedPermit(policies, principal, tool);
}

/**
 * The tools a caller is shown. An API key sees what it can call; a person also sees what a wider consent would give,
 * because their client can ask for that consent, a key's cannot.
 */
export function visibleTools(policies: Policies, principal: Principal): string[] {
  return Object.keys(policies.tools).filter((tool) =>
    examine(policies, principal, tool).every(
      (each) => 'passes' in each || (principal.kind === 'person' && each.check === 'credential'),
    ),
  );
}

/** Whether all that stands between this person and the tool is a wider consent: exposure and role let it pass. */
export function needsConsent(policies: Policies, principal: Principal, tool: string): boolean {
  if (principal.kind !== 'person') return false;
  const refused = examine(policies, principal, tool).filter((finding) => 'refusal' in finding);
  return refused.length > 0 && refused.every(({ check }) => check === 'credential');
}
