import type { PlacedRecord } from '../audit/ledger.ts';
import { cleanLabel } from '../redaction/clean.ts';

/** Callers and agents wrote parts of a line; it stays one. */
const maxLineChars = 400;

/** A record as one line for a person; `--json` has every detail. */
export function auditLine({
  at,
  event,
  decision,
  reason,
  subject,
  tool,
  target,
  hits,
  refusals,
  requestId,
}: PlacedRecord): string {
  const place = target?.file === undefined ? undefined : `${target.file}:${target.line}`;
  const actions = target?.actionId ?? target?.actionIds?.join(',');
  const where = [target?.service, place, actions, target?.key].filter((part) => part !== undefined);
  const counts = Object.entries(refusals ?? {}).map(([code, calls]) => `${calls}× ${code}`);
  const parts = [
    new Date(at).toISOString(),
    (reason === undefined ? decision : `${decision} (${reason})`).padEnd(30),
    (tool ?? event).padEnd(18),
    subject,
    ...(event === 'tool_call' || tool === undefined ? [] : [event]),
    ...where,
    ...counts,
    ...(hits === undefined ? [] : [`${hits} hits`]),
    requestId,
  ];
  return cleanLabel(parts.join('  '), maxLineChars);
}
