import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { SimulatedAgentOptions } from '../../agents-sim/hello.ts';
import { checkout, checkoutFile, priceLine } from '../../agents-sim/scenarios/checkout.ts';
import { operatorOf } from '../../src/authorization/administer.ts';
import { issueKey } from '../../src/keys.ts';
import type { TestBridge } from '../helpers/bridge.ts';
import { type CallOptions, clients } from '../mcp/clients.ts';

/** What the tests read of `structuredContent`, whichever tool answered. */
export interface Structured {
  requestId: string;
  latencyMs: Record<string, number>;
  actionId: string;
  investigation: string;
  status: string;
  statusReason?: string;
  hitCount: number;
  maxHits: number;
  expiresAt: string;
  hits: {
    number: number;
    agentId: string;
    capturedAt: string;
    variables: Record<string, unknown>;
    expressions: { value?: unknown }[];
  }[];
  targets: { agentId: string; state: string; message?: string }[];
  notes: string[];
  actions: {
    actionId: string;
    investigation: string;
    status: string;
    cancelled?: boolean;
    hitCount: number;
    error?: { code: string };
  }[];
  agents: { agentId: string; service: string; pool: string; environment?: string; tags: string[] }[];
  services: { service: string; connectedAgents: number }[];
  totalAgents: number;
  nextCursor?: string;
  recommended?: { source: Record<string, string>; why: string };
  quotas: { quota: string; limit: number; used: number; left: number; agentId?: string; investigation?: string }[];
  limits: Record<string, number>;
  connectedAgents: number;
  error?: { code: string; message: string; field?: string; next?: string; data?: Record<string, unknown> };
}

/** One answer: what machines read, and the text that models read. */
export interface Answer {
  isError: boolean;
  structured: Structured;
  text: string;
}

/** A caller with one key and a real MCP client. */
export interface Caller {
  call(tool: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

/** Connects a client of the first SDK, or of `how`. */
export async function connectCaller(mcpUrl: string, key: string, how: (typeof clients)[number] = clients[0]): Promise<Caller> {
  const client = await how.connect(mcpUrl, key);
  return {
    async call(tool, args = {}, options) {
      const { isError = false, structuredContent, content } = await client.call(tool, args, options);
      return { isError, structured: structuredContent as Structured, text: JSON.stringify(content) };
    },
    close: () => client.close(),
  };
}

/** Arguments of a snapshot on the simulated checkout's line. */
export const onCheckout = { source: { service: 'checkout' }, file: checkoutFile, line: priceLine };

/** Starts a simulated agent of the bridge; the checkout that passes only when told, unless said otherwise. */
export async function startAgent(
  { agentUrl, enrolKey }: { agentUrl: string; enrolKey: string },
  options: Partial<SimulatedAgentOptions> = {},
): Promise<SimulatedAgent> {
  const agent = new SimulatedAgent({ url: agentUrl, key: enrolKey, scenario: checkout(), ...options });
  await agent.start();
  return agent;
}

/** An enrolment key of another pool or organisation. */
export async function enrolmentKey(bridge: TestBridge, { pool = 'default', org = 'default' }): Promise<string> {
  const request = { kind: 'enrolment', org, owner: 'operator', name: pool, pool, service: '*' } as const;
  return (await issueKey(bridge.bridge.desk, operatorOf(org).create(request))).secret;
}

/** An API key of another organisation, with every right there is in it. */
export async function foreignKey(bridge: TestBridge, org: string): Promise<string> {
  const { secret } = await issueKey(
    bridge.bridge.desk,
    operatorOf(org).create({
      ...{ kind: 'api', org, owner: 'operator', name: org, role: 'company_admin', permissions: ['dev_api'] },
      ...{ scopes: ['runtime:read', 'runtime:capture', 'runtime:admin'], groups: ['everyone'] },
    }),
  );
  return secret;
}

const shipped = fileURLToPath(new URL('../../policies', import.meta.url));

/** A copy of the shipped policies with some files replaced; JSON is YAML, so that numbers can be computed. */
export async function policiesWith(
  files: Record<string, string | object>,
): Promise<{ directory: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-policies-'));
  await cp(shipped, directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** The numbers of quotas.yaml, wide enough to be in nobody's way, with the ones under test lowered. */
export function quotasOf(all: Record<string, number>, roles: Record<string, Record<string, number>> = {}): object {
  const wide = {
    calls_per_hour: 10_000,
    hits_per_hour: 10_000,
    concurrent_actions_per_principal: 100,
    concurrent_actions_per_agent: 100,
    concurrent_actions_per_org: 1_000,
    concurrent_calls: 100,
    queued_calls: 100,
  };
  return { all: { ...wide, ...all }, roles };
}
