import { needsConsent, visibleTools } from '../authorization/authorize.ts';
import type { Bridge } from '../bridge.ts';
import { type CallRequest, call } from '../call.ts';
import type { Principal } from '../identity/principal.ts';
import { rules } from '../redaction/rules.ts';
import { observeCall } from '../telemetry/observe-call.ts';
import type { Answer } from '../tools/present.ts';
import type { ListedTool } from '../tools/registry.ts';
import { allPrompts } from './prompts/all.ts';
import type { Prompt } from './prompts/prompt.ts';
import { allResources } from './resources/all.ts';
import type { Resource } from './resources/resource.ts';

/** What the MCP face asks of the spine: which tools a caller could use, and a tool call; and what is made of these alone. */
export interface Spine {
  resources: readonly Resource[];
  prompts: readonly Prompt[];
  list(principal: Principal): ListedTool[];
  call(principal: Principal, request: CallRequest): Promise<Answer>;
  /** Whether all that stands between this person and the tool is a wider consent. */
  needsConsent(principal: Principal, tool: string): boolean;
}

/** The spine of a bridge. Rights are decided at each call; the list only spares a caller what would be refused anyway. */
export function spineOf(bridge: Bridge): Spine {
  const { telemetry, log, registry, services } = bridge;
  const tools = new Set(registry.listed.map(({ name }) => name));
  const observing = { telemetry, log, clock: services.clock, tools, redactionRules: new Set(Object.keys(rules)) };
  return {
    resources: allResources,
    prompts: allPrompts,
    list(principal) {
      const visible = new Set(visibleTools(bridge.services.policies(), principal));
      return bridge.registry.listed.filter((tool) => visible.has(tool.name));
    },
    call: (principal, request) =>
      observeCall(observing, { org: principal.org, ...request }, () => call(bridge, principal, request)),
    needsConsent: (principal, tool) => needsConsent(bridge.services.policies(), principal, tool),
  };
}
