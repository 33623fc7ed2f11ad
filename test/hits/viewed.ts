import type { CaptureData } from '../../src/protocol/frames.ts';
import type { Value } from '../../src/protocol/value.ts';
import { RawCapture } from '../../src/redaction/capture.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { redact } from '../../src/redaction/redact.ts';
import { scrub } from '../../src/redaction/scrub.ts';
import type { ViewedHit } from '../../src/redaction/view.ts';
import { array, captureOf, object } from '../redaction/capture-data.ts';

/** Plain data as it travels; what has a `$` is a protocol value already. */
export function travelling(value: unknown): Value {
  if (value === undefined) return { $: 'undefined' };
  if (Array.isArray(value)) return array(...value.map(travelling));
  if (typeof value !== 'object' || value === null || '$' in value) return value as Value;
  return object(Object.fromEntries(Object.entries(value).map(([name, field]) => [name, travelling(field)])));
}

/** One pass: variables, and watch expressions by their text. */
export interface Pass {
  variables?: Record<string, unknown>;
  expressions?: Record<string, unknown>;
  capture?: Partial<CaptureData>;
  /** Default: `act_1`, and one agent. */
  actionId?: string;
  agentId?: string;
  /** Milliseconds since the epoch; default: the number of the hit in seconds. */
  capturedAt?: number;
  /** The template's texts, of a logpoint. */
  log?: string[];
}

/** Hits as a view gets them: scrubbed, stored, redacted and rendered. Hits of one action are numbered from 1. */
export async function viewed(passes: readonly Pass[], tagKey = (id: string) => `key of ${id}`): Promise<ViewedHit[]> {
  const numbers = new Map<string, number>();
  const hits = passes.map(({ variables = {}, expressions = {}, capture = {}, actionId = 'act_1', ...rest }) => {
    const number = (numbers.get(actionId) ?? 0) + 1;
    numbers.set(actionId, number);
    const data = captureOf(Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, travelling(value)])), {
      expressions: Object.entries(expressions).map(([expression, value]) => ({ expression, value: travelling(value) })),
      ...capture,
    });
    return {
      actionId,
      number,
      agentId: rest.agentId ?? 'agent-1',
      agentName: rest.agentId ?? 'agent-1',
      capturedAt: rest.capturedAt ?? number * 1_000,
      capture: scrub(RawCapture.fromAgent(data), defaultRedactionPolicy, { tagKey: tagKey(actionId) }),
      ...(rest.log === undefined ? {} : { log: { level: 'info' as const, texts: rest.log } }),
    };
  });
  const seen: ViewedHit[] = [];
  const view = { hits, add: (hit: ViewedHit) => void seen.push(hit), done: () => ({ structured: {} }) };
  await redact({ structured: {}, view }, defaultRedactionPolicy, { tagKey });
  return seen;
}
