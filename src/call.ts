import { takeBack } from './actions/take-back.ts';
import { type AuditTrail, openTrail } from './audit/trail.ts';
import { authorize } from './authorization/authorize.ts';
import type { Bridge } from './bridge.ts';
import type { Principal } from './identity/principal.ts';
import { Refusal, type RefusalDetails } from './lib/refusal.ts';
import { charge } from './quota/charge.ts';
import { redact, redactRefusal } from './redaction/redact.ts';
import type { Observed } from './telemetry/observe-call.ts';
import { waitsOf } from './tools/client-waits.ts';
import { startLatency } from './tools/latency.ts';
import { type Answer, present, presentRefusal } from './tools/present.ts';
import { ignoredArguments, readInput } from './tools/read-input.ts';
import type { CallContext } from './tools/tool.ts';

/** A tool call, whichever face it came through. */
export interface CallRequest extends Pick<Observed, 'face' | 'trace'> {
  tool: string;
  arguments: unknown;
  requestId: string;
  /** The id that a JSON-RPC client gave the request. */
  rpcId?: string;
  /** Aborted when the caller goes away or cancels, and with a `Refusal` as its reason when the bridge goes down. */
  signal: AbortSignal;
  progress(done: number, total: number, message: string): Promise<void>;
  /** Told that the call is permitted and counted, and stands in its caller's own line. */
  admitted?(): void;
  /** Told that the call waits for a program. */
  waiting?(): void;
  /** Whether anybody hears `progress`: a client that does waits longer. */
  hasProgress?: boolean;
  /** Name and version of the client software, and the address it called from, where known. */
  client?: string;
  address?: string;
}

/** What is kept of a tool's name; real ones have at most 40 characters. */
const maxToolChars = 64;

/** How far a call came, for what is owed when it fails. */
interface Underway {
  request: CallRequest;
  principal: Principal;
  trail: AuditTrail;
  isCharged: boolean;
  /** The action it placed, or was about to. */
  placed?: Parameters<CallContext['placing']>[0];
}

/**
 * A tool call: authorize → charge → run → redact. Each step needs what the one before made, so a wrong order does not
 * compile. Expected refusals are answers too; every call is in the audit trail, without values.
 */
export async function call(bridge: Bridge, principal: Principal, asked: CallRequest): Promise<Answer> {
  const { services, registry, shaper } = bridge;
  const request = { ...asked, tool: asked.tool.slice(0, maxToolChars) };
  const { requestId, progress } = request;
  const latency = startLatency(services.clock, (part) => {
    if (part === 'wait') request.waiting?.();
  });
  const trail = openTrail(bridge.audit, services.clock, principal, request, services.policies().hash);
  const underway: Underway = { request, principal, trail, isCharged: false };
  try {
    return await bridge.leases.during(principal, request.signal, async ({ signal, confirm }) => {
      const permit = await latency.measure('authorize', () => authorize(services.policies(), principal, request.tool));
      const charged = await latency.measure('charge', () => charge(services.counters, services.clock, permit));
      underway.isCharged = true;
      const tool = registry.get(request.tool);
      if (tool === undefined) throw new Error(`The policy has the tool ${request.tool}, the registry does not.`);
      const input = readInput(tool, request.arguments);
      const placing: CallContext['placing'] = (action) => {
        underway.placed = action;
        return trail.placing(action);
      };
      const waits = waitsOf(request.client, request.hasProgress ?? false);
      const large = bridge.largeAnswers.holder(JSON.stringify([principal.org, principal.subject]), signal);
      const context = { services, requestId, signal, progress, waits, latency, large: large.take, note: trail.note, placing };
      request.admitted?.();
      const redacted = await shaper
        .run(charged, signal, async (queuedMs) => {
          const outcome = await tool.run(charged, input, { ...context, queuedMs });
          await confirm();
          return latency.measure('redact', () =>
            redact(outcome, services.policies().redaction.base, {
              tagKey: (actionId) => bridge.tagKeys(principal.org, actionId),
              policyOf: services.policies().redaction.for,
            }),
          );
        })
        .finally(large.end);
      const answer = present(redacted, ignoredArguments(tool, request.arguments), requestId, latency.parts());
      await trail.close('allowed', { redacted: redacted.counts, resultBytes: Buffer.byteLength(answer.text) });
      return answer;
    });
  } catch (problem) {
    const refusal = redactRefusal(await refuse(bridge, underway, problem), services.policies().redaction.base);
    return presentRefusal(refusal, requestId, latency.parts());
  }
}

/** Turns whatever was thrown into a refusal and records it; a defect keeps its details to the log. */
async function refuse(bridge: Bridge, underway: Underway, problem: unknown): Promise<RefusalDetails> {
  const { request, principal, trail, isCharged, placed } = underway;
  const { requestId, tool } = request;
  const isRefusal = problem instanceof Refusal;
  if (!isRefusal) bridge.log.error({ requestId, tool, err: problem }, 'a tool call failed');
  const details: RefusalDetails = isRefusal ? problem.details : defect(tool, requestId);
  if (isRefusal && !isCharged && !(await countRefused(bridge, principal, details))) return details;
  // Who gets no handle cannot end it, so what was placed goes too.
  const isLeft = placed !== undefined && details.data?.actionId !== placed.id;
  const taken = isLeft ? await takeBack(bridge.services.actions, placed) : undefined;
  await trail.close(isRefusal ? 'refused' : 'failed', { reason: details.code }).catch((cause: unknown) => {
    bridge.log.error({ requestId, err: cause }, 'a refused call could not be recorded');
  });
  return taken === undefined ? details : { ...details, message: `${details.message} ${taken}` };
}

/** Calls that no quota saw are counted here. Whether the refusal gets a record of its own. */
function countRefused({ services, refusedCalls }: Bridge, principal: Principal, { code }: RefusalDetails): Promise<boolean> {
  const role = services.policies().roles[principal.role];
  return refusedCalls.count(principal, role?.quotas.refusedCallsPerHour ?? 1, code);
}

function defect(tool: string, requestId: string): RefusalDetails {
  return {
    code: 'internal_error',
    message: `${tool} failed inside the bridge (request ${requestId}).`,
    next: 'Try again; if it fails again, give the request id to the operator.',
  };
}
