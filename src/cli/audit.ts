import type { AuditRecord } from '../audit/record.ts';
import { defaultOrg } from '../identity/issue.ts';
import { cleanLabel } from '../redaction/clean.ts';
import { order } from './order.ts';
import { type Command, readFlags, settingOptions, Usage } from './usage.ts';

const defaultLimit = 50;
/** What storage gives to one question at most. */
const maxLimit = 10_000;
/** Callers and agents wrote parts of a line; it stays one. */
const maxLineChars = 400;

/** Shows who did what, newest first, through the running bridge when there is one. */
export const audit: Command = {
  name: 'audit',
  usage: `sidelight audit [--limit ${defaultLimit}] [--json]
  The newest records of the audit trail, never values. Give the same --data as to serve; --json for scripts and for every detail.`,
  async run(args) {
    const { values } = readFlags(args, {
      ...settingOptions,
      ...{ limit: { type: 'string' }, org: { type: 'string' }, json: { type: 'boolean' } },
    });
    const limit = Number(values.limit ?? defaultLimit);
    if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
      throw new Usage(`--limit is a whole number from 1 to ${maxLimit}.`);
    const records = (await order(values, 'audit.recent', { org: String(values.org ?? defaultOrg), limit })) as AuditRecord[];
    process.stdout.write(`${values.json === true ? JSON.stringify(records) : records.map(line).join('\n') || 'Nothing yet.'}\n`);
    return 0;
  },
};

function line({ at, event, decision, reason, subject, tool, target, hits, refusals, requestId }: AuditRecord): string {
  const place = target?.file === undefined ? undefined : `${target.file}:${target.line}`;
  const actions = target?.actionId ?? target?.actionIds?.join(',');
  const where = [target?.service, place, actions].filter((part) => part !== undefined);
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
