import type { CaptureData } from '../../src/protocol/frames.ts';
import type { Value } from '../../src/protocol/value.ts';
import { RawCapture } from '../../src/redaction/capture.ts';
import { defaultRedactionPolicy, type RedactionPolicy } from '../../src/redaction/policy.ts';
import { type Redacted, redact } from '../../src/redaction/redact.ts';
import type { RenderedHit } from '../../src/redaction/render.ts';
import { scrub } from '../../src/redaction/scrub.ts';
import type { ClosedHit, View } from '../../src/redaction/view.ts';

/** A capture of `src/checkout.ts` with these local variables. */
export function captureOf(variables: Record<string, Value>, more: Partial<CaptureData> = {}): CaptureData {
  return {
    at: { file: 'src/checkout.ts', line: 24 },
    stack: [{ function: 'checkout', file: 'src/checkout.ts', line: 24 }],
    scopes: [{ kind: 'local', variables: Object.entries(variables) }],
    expressions: [],
    pauseMicros: 120,
    cut: [],
    redacted: {},
    ...more,
  };
}

export const object = (fields: Record<string, Value>, className?: string): Value => ({
  $: 'object',
  ...(className === undefined ? {} : { className }),
  fields: Object.entries(fields),
});

export const array = (...elements: Value[]): Value => ({ $: 'array', length: elements.length, elements });

/** Shows all hits whole, lines of logpoints as lines. */
export function viewOf(hits: readonly ClosedHit[]): View {
  const shown: unknown[] = [];
  return {
    hits,
    add: ({ hit, line }) => shown.push(line ?? hit),
    done: () => ({ structured: { hits: shown } }),
  };
}

/** The whole way of a capture: scrubbed, stored, read, redacted, rendered. */
export async function answerOf(
  data: CaptureData,
  policy: RedactionPolicy = defaultRedactionPolicy,
  later = policy,
  actionId = 'act_1',
): Promise<Redacted & { hit: RenderedHit; stored: string }> {
  const scrubbed = scrub(RawCapture.fromAgent(data), policy, { tagKey: `key of ${actionId}` });
  const hit = {
    actionId,
    number: 1,
    agentId: 'agent-1',
    agentName: 'shop@web-1/4711',
    capturedAt: 0,
    receivedAt: 1,
    capture: scrubbed,
  };
  const redacted = await redact({ structured: {}, view: viewOf([hit]) }, later, { tagKey: (id) => `key of ${id}` });
  return {
    ...redacted,
    hit: (redacted.structured as { hits: RenderedHit[] }).hits[0] as RenderedHit,
    stored: scrubbed.toStored(),
  };
}
