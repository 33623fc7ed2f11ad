import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { checkpointSchema } from './checkpoint.ts';
import { type AuditEvent, auditEvents } from './events.ts';
import { signTrailer } from './export-file.ts';
import type { AuditLedger } from './ledger.ts';
import type { OperatorTrail } from './operator.ts';
import type { AuditSeal } from './seal.ts';
import { nobodysOrg } from './turned-away.ts';
import { compareCheckpoints, verifyTrail } from './verify.ts';

/** Rows of one page of an export; an answer to an operator is held in memory. */
const exportRows = 500;

const instant = z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional();
const events = Object.keys(auditEvents) as [AuditEvent, ...AuditEvent[]];
const text = z.string().max(128).optional();

const schemas = {
  search: z.strictObject({
    org: z.string().min(1).max(64),
    limit: z.int().min(1).max(10_000),
    ...{ since: instant, until: instant, subject: text, tool: text, action: text },
    event: z.enum(events).optional(),
    decision: z.enum(['allowed', 'refused', 'failed']).optional(),
  }),
  compare: z.strictObject({ checkpoints: z.array(checkpointSchema).max(500) }),
  export: z.strictObject({ since: instant, until: instant }),
  page: z.strictObject({ first: z.int(), last: z.int() }),
  seal: z.strictObject({ lines: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
};

interface Asked {
  ledger: AuditLedger;
  seal: AuditSeal;
  clock: Clock;
  trail: OperatorTrail;
  read<T extends z.ZodType>(schema: T, input: unknown): z.output<T>;
}

type Input = Record<string, unknown>;

/** What `sidelight audit` asks of whoever has the data. */
export function auditQuestions({ ledger, seal, clock, trail, read }: Asked) {
  return {
    async 'audit.search'(input: Input) {
      const { org, ...query } = read(schemas.search, input);
      return ledger.search(org, query);
    },
    async 'audit.verify'() {
      return { chains: await verifyTrail(seal, ledger), outside: await ledger.outside() };
    },
    async 'audit.compare'(input: Input) {
      return compareCheckpoints(seal, ledger, read(schemas.compare, input).checkpoints);
    },
    async 'audit.key'() {
      const { node, keyId, publicKey } = seal;
      return { node, keyId, publicKey };
    },
    async 'audit.export'(input: Input) {
      const { since = 0, until = Number.MAX_SAFE_INTEGER } = read(schemas.export, input);
      await trail.record('audit_exported', nobodysOrg, 'operator', { after: { since, until } });
      return ledger.range(since, until);
    },
    async 'audit.page'(input: Input) {
      const { first, last } = read(schemas.page, input);
      return ledger.exportPage(first, last, exportRows);
    },
    async 'audit.seal'(input: Input) {
      return signTrailer(seal, { ...read(schemas.seal, input), at: clock.now() });
    },
  };
}
