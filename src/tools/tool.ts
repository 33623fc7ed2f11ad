import type { z } from 'zod';
import type { ActionRecord } from '../actions/action.ts';
import type { ActionContext } from '../actions/context.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Policies } from '../authorization/policies.ts';
import type { HitStore } from '../hits/hit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Charge } from '../quota/charge.ts';
import type { Counters } from '../quota/counters.ts';
import type { Outcome } from '../redaction/redact.ts';
import type { AgentRecord, Among } from '../targets/agent.ts';
import type { ClientWaits } from './client-waits.ts';

/** Told to clients as MCP tool annotations; every one is stated, because the defaults are pessimistic. */
export interface Annotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** What tools work with; the bridge has it all, tests can make it small. */
export interface Services {
  actions: ActionContext;
  hits: HitStore;
  counters: Counters;
  policies(): Policies;
  /** Agents of an organisation that are connected now, to any replica. Those that `among` leaves out may be there as well. */
  connected(org: string, among?: Among): Promise<AgentRecord[]>;
  /** Agents of an organisation that are probably on their way from one replica to another, or back. Of `among` as above. */
  between(org: string, among?: Among): Promise<AgentRecord[]>;
  /** Agents of an organisation, connected or seen within the last hour. */
  agents(org: string): Promise<AgentRecord[]>;
  ready(): Promise<Readiness>;
  clock: Clock;
  version: string;
}

export interface Readiness {
  ok: boolean;
  /** Each part that must work, by name. */
  checks: Record<string, boolean>;
}

/** What a running call may use beside its input. */
export interface CallContext {
  services: Services;
  requestId: string;
  /** Aborted when the caller goes away or cancels, and with a `Refusal` as its reason when the bridge goes down or its key ends. */
  signal: AbortSignal;
  /** How long the call waited for its turn; what it then waits for gets that much less. */
  queuedMs: number;
  /** How long the client lets a call wait. */
  waits: ClientWaits;
  /** Tells a waiting client that work goes on; does nothing when the client asked for no progress. */
  progress(done: number, total: number, message: string): Promise<void>;
  latency: Latency;
  /** Resolves when the call may have a large answer, until it ends: as few calls as the memory has room for have one at a time. */
  large(): Promise<void>;
  /** Adds facts to the audit record of this call. Never values. */
  note(facts: AuditFacts): void;
  /** Gives the audit record of an action about to be placed, and sees to it that the action ends when this call fails after all. */
  placing(action: ActionRecord): AuditRecord;
}

/** The parts a call's duration is told in. */
export type LatencyPart = 'authorize' | 'charge' | 'resolve' | 'place' | 'wait' | 'read' | 'redact';

/** Measures the named parts of one call, in milliseconds. */
export interface Latency {
  measure<T>(part: LatencyPart, run: () => Promise<T> | T): Promise<T>;
}

export type AuditFacts = Pick<AuditRecord, 'target' | 'hits'>;

/**
 * One tool as data. Faces present it, `call()` runs it. `run` gets the `Charge`, so it cannot start before the call was
 * authorized and charged, and answers with an `Outcome`, whose captured values only `redact()` can open.
 */
export interface Tool<Input extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  description: string;
  input: Input;
  /** Shape of the tool's own part of `structuredContent`; answer.ts adds what every answer has. */
  output: z.ZodObject;
  annotations: Annotations;
  run(charge: Charge, input: z.output<Input>, context: CallContext): Promise<Outcome>;
}
