import { z } from 'zod';
import type { AuditRecord, AuditStore } from './audit/record.ts';
import type { ControlHandler } from './control.ts';
import { issueKey, revokeKey, rotateKey } from './identity/issue.ts';
import type { KeyRequest } from './identity/key-request.ts';
import type { KeyRecord, KeyStore } from './identity/keys.ts';
import type { Clock } from './lib/clock.ts';
import { newId } from './lib/id.ts';
import { Refusal } from './lib/refusal.ts';
import type { AgentRecord, AgentStore } from './targets/agent.ts';
import type { PauseStore } from './targets/pause.ts';

/** How long an agent that went away is still listed. */
const listedMs = 3_600_000;

interface Ordered {
  keys: KeyStore;
  agents: AgentStore;
  pauses: PauseStore;
  audit: AuditStore;
  clock: Clock;
  /** What a running bridge does at once; absent when none runs. */
  running?: {
    /** Lets go of agents and callers whose key has just been revoked. */
    revoked(keyId: string): void;
    /** Tells connected agents what has just been stored. */
    pausesChanged(): Promise<void>;
  };
}

/** What `agents list`, `pause` and `resume` answer. */
export interface ShownAgents {
  /** Milliseconds since the epoch; absent when the agents are not paused. */
  pausedAt?: number;
  agents: AgentRecord[];
}

const inOrg = z.object({ org: z.string().min(1).max(64) });
const named = inOrg.extend({ id: z.string().max(64) });
const page = inOrg.extend({ limit: z.number().int().min(1).max(10_000) });
const rotation = named.extend({ overlapHours: z.number().optional(), days: z.number().optional() });

/** What an operator with access to the data may order, whether the bridge runs or not. Every change is audited. */
export function orders({ keys, agents, pauses, audit, clock, running }: Ordered): ControlHandler {
  const record = (event: string, org: string, subject: string) => {
    const entry: AuditRecord = {
      requestId: newId('op'),
      at: clock.now(),
      org,
      subject,
      role: 'operator',
      auth: 'console',
      event,
      decision: 'allowed',
    };
    return audit.append(entry);
  };
  const showAgents = async (org: string): Promise<ShownAgents> => {
    const pause = (await pauses.all()).find((each) => each.org === org);
    const known = await agents.list(org, clock.now() - listedMs);
    return { ...(pause === undefined ? {} : { pausedAt: pause.pausedAt }), agents: known };
  };
  const table: Record<string, (input: Record<string, unknown>) => Promise<unknown>> = {
    async 'keys.create'(input) {
      const { record: key, secret } = await issueKey(keys, clock, input as KeyRequest);
      await record('key_created', key.org, `key:${key.id}`);
      return { key: shown(key), secret };
    },
    async 'keys.list'(input) {
      const { org } = read(inOrg, input);
      return (await keys.list(org)).map(shown);
    },
    async 'keys.revoke'(input) {
      const { org, id } = read(named, input);
      await revokeKey(keys, clock, { org, id });
      running?.revoked(id);
      await record('key_revoked', org, `key:${id}`);
    },
    async 'keys.rotate'(input) {
      const asked = read(rotation, input);
      const { record: key, secret } = await rotateKey(keys, clock, asked);
      await record('key_rotated', asked.org, `key:${asked.id}`);
      return { key: shown(key), secret };
    },
    'audit.recent'(input) {
      const { org, limit } = read(page, input);
      return audit.recent(org, limit);
    },
    'agents.list': (input) => showAgents(read(inOrg, input).org),
    async 'agents.pause'(input) {
      const { org } = read(inOrg, input);
      await pauses.pause(org, clock.now());
      await running?.pausesChanged();
      await record('agents_paused', org, 'operator');
      return showAgents(org);
    },
    async 'agents.resume'(input) {
      const { org } = read(inOrg, input);
      await pauses.resume(org);
      await running?.pausesChanged();
      await record('agents_resumed', org, 'operator');
      return showAgents(org);
    },
  };
  return (order, input) => {
    const run = Object.hasOwn(table, order) ? table[order] : undefined;
    if (run === undefined)
      throw new Refusal({
        code: 'invalid_input',
        message: `There is no order ${JSON.stringify(order.slice(0, 64))}.`,
        next: 'Use the same version of Sidelight on both sides.',
      });
    return run(input);
  };
}

/** The input of an order, or a refusal that names the field. */
function read<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw new Refusal({
    code: 'invalid_input',
    message: `${field === '' ? 'The order' : field} is not valid: ${issue?.message ?? 'unknown'}.`,
    ...(field === '' ? {} : { field }),
  });
}

export type ShownKey = Omit<KeyRecord, 'hash'>;

function shown({ hash: _hash, ...rest }: KeyRecord): ShownKey {
  return rest;
}
