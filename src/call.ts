import { type AuditTrail, openTrail } from './audit/trail.ts';
import { authorize } from './authorization/authorize.ts';
import type { Bridge } from './bridge.ts';
import type { Principal } from './identity/principal.ts';
import { Refusal, type RefusalDetails } from './lib/refusal.ts';
import { charge } from './quota/charge.ts';
import { redact } from './redaction/redact.ts';
import { startLatency } from './tools/latency.ts';
import { type Answer, present, presentRefusal } from './tools/present.ts';
import { readInput } from './tools/read-input.ts';

/** A tool call, whichever face it came through. */
export interface CallRequest {
  tool: string;
  arguments: unknown;
  requestId: string;
  /** Aborted when the caller goes away or cancels, and with a `Refusal` as its reason when the bridge goes down. */
  signal: AbortSignal;
  progress(done: number, total: number, message: string): Promise<void>;
  /** Name and version of the client software, and the address it called from, where known. */
  client?: string;
  address?: string;
}

/**
 * A tool call: authorize → charge → run → redact. Each step needs what the one before made, so a wrong order does not
 * compile. Expected refusals are answers too; every call leaves one audit record, without values.
 */
export async function call(bridge: Bridge, principal: Principal, request: CallRequest): Promise<Answer> {
  const { services, registry, shaper } = bridge;
  const latency = startLatency(services.clock);
  const trail = openTrail(bridge.audit, services.clock, principal, request, services.policies().hash);
  try {
    const permit = await latency.measure('authorize', () => authorize(services.policies(), principal, request.tool));
    const tool = registry.get(request.tool);
    if (tool === undefined) throw new Error(`The policy has the tool ${request.tool}, the registry does not.`);
    const input = readInput(tool, request.arguments);
    const charged = await latency.measure('charge', () => charge(services.counters, services.clock, permit));
    const { requestId, signal, progress } = request;
    const context = { services, requestId, signal, progress, latency, note: trail.note };
    const outcome = await shaper.run(charged, () => tool.run(charged, input, context));
    const redacted = await latency.measure('redact', () =>
      redact(outcome, services.policies().redaction, { tagKey: bridge.tagKey }),
    );
    await trail.close('allowed', { redacted: redacted.counts });
    return present(redacted, outcome.next, requestId, latency.parts());
  } catch (problem) {
    return presentRefusal(await refuse(bridge, trail, problem, request), request.requestId, latency.parts());
  }
}

/** Turns whatever was thrown into a refusal and records it; a defect keeps its details to the log. */
async function refuse(bridge: Bridge, trail: AuditTrail, problem: unknown, request: CallRequest): Promise<RefusalDetails> {
  const { requestId, tool } = request;
  if (!(problem instanceof Refusal)) bridge.log.error({ requestId, tool, err: problem }, 'a tool call failed');
  const details: RefusalDetails =
    problem instanceof Refusal
      ? problem.details
      : {
          code: 'internal_error',
          message: `${tool} failed inside the bridge (request ${requestId}).`,
          next: 'Try again; if it fails again, give the request id to the operator.',
        };
  await trail.close(problem instanceof Refusal ? 'refused' : 'failed', { reason: details.code }).catch((cause: unknown) => {
    bridge.log.error({ requestId, err: cause }, 'a refused call could not be recorded');
  });
  return details;
}
