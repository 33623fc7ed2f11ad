import type { Clock } from '../lib/clock.ts';
import { inSpan } from '../telemetry/tracing.ts';
import type { Latency, LatencyPart } from './tool.ts';

/** Starts measuring one call; each part is a span, too, where somebody records them. `parts()` is in milliseconds with one decimal, and has `total` beside the parts measured. `begins` is told of each part. */
export function startLatency(
  clock: Clock,
  begins: (part: LatencyPart) => void = () => {},
): Latency & { parts(): Record<string, number> } {
  const startedMs = clock.monotonic();
  const parts = new Map<string, number>();
  const sinceMs = (fromMs: number) => Math.round((clock.monotonic() - fromMs) * 10) / 10;
  return {
    async measure(part, run) {
      const fromMs = clock.monotonic();
      begins(part);
      try {
        return await inSpan(part, run);
      } finally {
        parts.set(part, (parts.get(part) ?? 0) + sinceMs(fromMs));
      }
    },
    parts: () => ({ ...Object.fromEntries(parts), total: sinceMs(startedMs) }),
  };
}
