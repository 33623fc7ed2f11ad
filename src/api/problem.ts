import { failures } from '../http/failures.ts';
import type { HttpMiddleware } from '../http/state.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type RefusalDetails, refusals } from '../lib/refusal.ts';
import { apiPrefix, isBelow } from './routes.ts';

/** The media type of RFC 9457. */
const problemType = 'application/problem+json';

/** When to try again after what ends within seconds. */
const soonSeconds = 5;

/** Problem Details (RFC 9457) with our own members: the stable code, the field at fault, the next step, facts and the request id. */
export function problemOf({ code, message, field, next, data }: RefusalDetails, requestId: string): object {
  const { status, meaning } = refusals[code];
  return { type: `${apiPrefix}/problems/${code}`, title: meaning, status, detail: message, code, field, next, data, requestId };
}

/** Words every refusal below the API's prefix as Problem Details, those of the stages before the API too. */
export function problems(log: Log, clock: Clock): HttpMiddleware {
  const catching = failures(log, (details, requestId) => problemOf(details, requestId));
  return async (ctx, next) => {
    if (!isBelow(ctx.path)) return next();
    await catching(ctx, next);
    // Without a body its caller has left, and nobody is told anything.
    if (ctx.status < 400 || ctx.headerSent || ctx.body === undefined) return;
    ctx.type = problemType;
    const seconds = secondsToWait(ctx.body as RefusalDetails, clock.now());
    if (seconds !== undefined) ctx.set('Retry-After', String(seconds));
  };
}

/** RFC 9110, 10.2.3: until a quota renews, or a moment for what passes by itself. */
function secondsToWait({ code, data }: RefusalDetails, nowMs: number): number | undefined {
  if (typeof data?.retryAfterSeconds === 'number') return data.retryAfterSeconds;
  if (code === 'too_busy' || code === 'unavailable') return soonSeconds;
  const renewsAtMs = typeof data?.renewsAt === 'string' ? Date.parse(data.renewsAt) : Number.NaN;
  return Number.isNaN(renewsAtMs) ? undefined : Math.max(1, Math.ceil((renewsAtMs - nowMs) / 1_000));
}
